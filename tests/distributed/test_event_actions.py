"""Two ranks under events: they end epochs, freeze and save alike."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("ranks")
    ended = subprocess.run(
        [sys.executable, "-m", "programs.two_ranks", str(folder)],
        env={**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("asked", ["before", "after"])
def test_a_cut_window_is_averaged_over_the_ranks(ranks: list[dict[str, Any]], asked: str) -> None:
    for rank in ranks:
        found = rank[asked]
        # Gloo adds two ranks in either order to the same bits, bucket by bucket or alone.
        assert found["cut"] == pytest.approx(found["whole"], rel=1e-6)
        assert found["steps"] == [2, 2]
    assert ranks[0][asked]["cut"] == ranks[1][asked]["cut"]


def test_freezing_and_unfreezing_keep_the_ranks_together(ranks: list[dict[str, Any]]) -> None:
    first, second = (rank["frozen"] for rank in ranks)
    assert first == second
    assert first["seen"][0] != first["seen"][1]
    assert "strategy to 'ddp_find_unused_parameters_true'" in first["refused"]


def test_validation_and_checkpoint_on_all_ranks(ranks: list[dict[str, Any]]) -> None:
    assert ranks[0]["saved"] == ranks[1]["saved"]
    assert ranks[0]["saved"]["saved"] == ranks[0]["saved"]["bias"]
