"""Two ranks over gloo: a peer that raised is a bug, a peer that died is a preemption."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

TESTS = Path(__file__).parents[1]


def fit(recipe: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
    recipe["trainer"].update(devices=2, strategy="ddp", max_epochs=6)
    Path("run.yaml").write_text(yaml.safe_dump(recipe))
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "lightning_kit", "fit", "-c", "run.yaml"],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    record = json.loads(Path("runs/run/latest/run.json").read_text())
    assert len(list(Path("runs/run").glob("2*"))) == 1, "one directory, whatever the ranks"
    return ended.returncode, record, ended.stderr + ended.stdout


@pytest.mark.parametrize(
    ("how", "rank", "status", "code"),
    [
        ("raise", 1, "failed", 1),
        ("raise", 0, "failed", 1),
        ("die", 1, "preempted", 75),
    ],
)
def test_how_a_rank_ended(
    plain_recipe: dict[str, Any], how: str, rank: int, status: str, code: int
) -> None:
    init_args = {"how": how, "rank": rank}
    plain_recipe["model"] = {"class_path": "programs.faulty.FaultyRank", "init_args": init_args}
    returned, record, output = fit(plain_recipe)
    assert (record["status"], record["exit_code"]) == (status, code), output
    assert returned == code, output
    if how == "raise":
        assert f"rank {rank} is cursed" in record["stop_reason"]
    else:
        assert record["stop_reason"] == "a peer died"


def test_two_ranks_finish_in_one_directory(plain_recipe: dict[str, Any]) -> None:
    returned, record, output = fit(plain_recipe)
    assert returned == 0, output
    assert record["status"] == "finished"
