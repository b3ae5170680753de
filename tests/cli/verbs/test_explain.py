"""``explain`` tells of any class, and its YAML can be pasted."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Run

BASE = {
    "model": {
        "class_path": "RegressionTask",
        "init_args": {
            "model": {
                "class_path": "lightning_kit.models.MLP",
                "init_args": {"in_features": 4, "out_features": 1},
            }
        },
    },
    "data": {"class_path": "SyntheticDataModule", "init_args": {"kind": "surface"}},
    "trainer": {"accelerator": "cpu", "max_epochs": 2, "enable_progress_bar": False},
}


@pytest.mark.parametrize(
    ("name", "path", "argument"),
    [
        ("EarlyStopping", "lightning_kit.callbacks.EarlyStopping", "patience (int, default 3)"),
        ("ClassificationTask", "lightning_kit.tasks.ClassificationTask", "model (torch.nn"),
        ("Cosine", "lightning_kit.schedules.Cosine", "cycle_size (int, required)"),
        ("Freeze", "lightning_kit.callbacks.actions.Freeze", "names (str"),
        ("torch.optim.SGD", "torch.optim.SGD", "lr ("),
        ("AdamW", "torch.optim.AdamW", "lr ("),
        ("CosineAnnealingLR", "torch.optim.lr_scheduler.CosineAnnealingLR", "T_max ("),
        ("programs.plain.PlainModule", "programs.plain.PlainModule", "lr (float, default 0.1)"),
    ],
)
def test_a_class(kit: Run, capsys: Any, name: str, path: str, argument: str) -> None:
    assert kit("explain", name) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{path}\n")
    assert argument in shown
    pasted = yaml.safe_load(shown.partition("\nYAML:\n")[2])
    assert path in str(pasted)


@pytest.mark.parametrize("name", ["Trainer", "EventFilter", "Rule", "EventHandlers"])
def test_a_part_without_an_entry_of_its_own(kit: Run, capsys: Any, name: str) -> None:
    assert kit("explain", name) == 0
    pasted = yaml.safe_load(capsys.readouterr().out.partition("\nYAML:\n")[2])
    assert set(pasted) == {"trainer"}


@pytest.mark.parametrize(
    "name",
    ["EarlyStopping", "ModelCheckpoint", "EndEpoch", "EMA", "Trainer", "EventFilter", "Rule",
     "EventHandlers", "Freeze", "LearningRateMonitor", "SGD", "CosineAnnealingLR",
     "ReduceLROnPlateau", "CSVLogger", "pytorch_lightning.callbacks.EarlyStopping"],
)  # fmt: skip
def test_what_is_pasted_passes_check(kit: Run, capsys: Any, name: str) -> None:
    kit("explain", name)
    shown = capsys.readouterr().out.partition("\nYAML:\n")[2]
    filled = shown.replace("<int>", "3").replace("<str | Sequence[str]>", "model")
    Path("pasted.yaml").write_text(filled)
    Path("base.yaml").write_text(yaml.safe_dump(BASE))
    assert kit("check", "-c", "base.yaml", "-c", "pasted.yaml") == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("EarlyStoping", "did you mean EarlyStopping?"),
        ("torch.optim.SDG", "did you mean SGD?"),
        ("torch.pi", "is float, not a class"),
    ],
)
def test_a_misspelt_class(kit: Run, capsys: Any, name: str, line: str) -> None:
    assert kit("explain", name) == 2
    assert line in capsys.readouterr().err


def test_a_class_is_needed(kit: Run) -> None:
    assert kit("explain") == 2
    assert kit("explain", "a", "b") == 2
