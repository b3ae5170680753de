"""Where the answers of a checkpoint go."""

from pathlib import Path
from typing import Any

from conftest import Run

from lightning_kit.cli.prediction import predict
from lightning_kit.cli.rows_flags import RowsFlags


def test_out_names_the_file(recipe: str, capsys: Any) -> None:
    Path("predictions.csv").write_text("mine")
    args = ["-c", recipe, "--random_weights", "--out", "answers.csv"]
    assert predict(RowsFlags.of(args)) == 0
    assert "40 predictions: answers.csv" in capsys.readouterr().out
    assert len(Path("answers.csv").read_text().splitlines()) == 41
    assert Path("predictions.csv").read_text() == "mine"


def test_a_run_keeps_no_copy(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe) == 0
    assert kit("predict", "runs/small/latest", "--out", "answers.csv") == 0
    assert Path("answers.csv").is_file()
    assert not list(Path("runs/small/latest/").glob("predict-*.csv"))
