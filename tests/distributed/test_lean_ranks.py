"""Two ranks over gloo run lean as they run on Lightning's loop, and stop together."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("lean")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ranks = [
        subprocess.Popen(
            [sys.executable, "-m", "programs.lean_ranks", str(folder)],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": port,
                "WORLD_SIZE": "2",
                "LOCAL_RANK": str(rank),
                "RANK": str(rank),
                "NODE_RANK": "0",
            },
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        said = [rank.communicate(timeout=240)[1] for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    assert [rank.returncode for rank in ranks] == [0, 0], said
    return [json.loads((folder / f"told.{rank}").read_text()) for rank in range(2)]


def test_hooks_values_and_weights_are_the_same(told: list[dict[str, Any]]) -> None:
    for rank in told:
        assert rank["same"] == {"plain": [], "accumulation": [], "clipping in bf16": []}


def test_a_step_has_no_collective_but_the_gradients(told: list[dict[str, Any]]) -> None:
    for rank in told:
        assert rank["quiet"]["4"] == rank["quiet"]["24"]


def test_a_sigterm_to_one_rank_stops_both_at_one_step(told: list[dict[str, Any]]) -> None:
    first, second = (rank["terminated"] for rank in told)
    assert first["ended"] == second["ended"] == "SIGTERM"
    assert first["iteration"] == second["iteration"] > 30
    assert max(first["late_s"], second["late_s"]) < 5
