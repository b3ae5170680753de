"""``predict`` writes one row a sample, and overwrites nothing."""

import csv
from pathlib import Path
from typing import Any

from conftest import Run

from lightning_kit.runs.directory import RunDirectory


def test_answers_lie_beside_the_run(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", "-c", recipe) == 0
    assert kit("predict", "runs/small/latest") == 0
    (path,) = RunDirectory.latest("small").path.glob("predict-*.csv")
    header, *rows = csv.reader(path.read_text().splitlines())
    assert header == ["prediction_0", "prediction_1"]
    assert len(rows) == 40
    assert "40 predictions: runs/small/" in capsys.readouterr().out


def test_without_a_run_they_lie_here_and_stay(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("predict", "-c", recipe, "--random_weights") == 0
    before = Path("predictions.csv").read_text()
    assert kit("predict", "-c", recipe, "--random_weights") == 2
    assert "predictions.csv exists" in capsys.readouterr().err
    assert Path("predictions.csv").read_text() == before


def test_several_devices_are_refused(kit: Run, recipe: str, capsys: Any) -> None:
    args = ("-c", recipe, "--random_weights", "--trainer.devices", "2")
    assert kit("predict", *args) == 2
    assert "predict answers on one device" in capsys.readouterr().err
    assert not Path("predictions.csv").exists()
