"""``validate`` measures the best checkpoint again, and finds the score that the run recorded."""

import json

import pytest
from conftest import Run

from lightning_kit.runs.directory import RunDirectory


def test_the_recorded_score_is_found_again(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe) == 0
    assert kit("validate", "runs/small/latest") == 0
    run = RunDirectory.latest("small")
    (path,) = run.path.glob("validate-*.json")
    best = run.record().best
    assert best is not None
    measured = json.loads(path.read_text())["metrics"]["val/loss"]
    assert measured == pytest.approx(best["score"], rel=1e-6)
