"""Baselines stand beside a run's own score, for tables alone."""

from pathlib import Path
from typing import Any

from lightning_kit.cli.beside import metrics_of_epoch, print_baselines
from lightning_kit.cli.recipes import folder
from lightning_kit.datamodules import SyntheticDataModule, TableDataModule


def test_baselines_of_a_table(capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    data = TableDataModule(str(folder() / "data" / "breast_cancer.csv"), "diagnosis")
    data.setup("fit")
    print_baselines(data, "val", {"accuracy": 0.5})
    shown = capsys.readouterr().out
    for part in ("on the val data", "majority", "linear", "boosted", "this run", "accuracy", "0.5"):
        assert part in shown


def test_other_data_has_none(capsys: Any) -> None:
    print_baselines(SyntheticDataModule(), "val", {})
    assert capsys.readouterr().out == ""


def test_metrics_of_an_epoch() -> None:
    path = Path("metrics.csv")
    path.write_text("epoch,train/loss,val/loss,val/f1\n0,,1.0,0.1\n1,,0.5,\n1,0.7,,\n1,,,0.25\n")
    assert metrics_of_epoch(path, 2, "val") == {"loss": 0.5, "f1": 0.25}
    assert metrics_of_epoch(path, 9, "val") == {}
