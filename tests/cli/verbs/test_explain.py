"""``explain`` tells of any class, and its YAML can be pasted."""

from typing import Any

import pytest
import yaml
from conftest import Run


@pytest.mark.parametrize(
    ("name", "path", "argument"),
    [
        ("EarlyStopping", "lightning_kit.callbacks.EarlyStopping", "patience (int, default 3)"),
        ("ClassificationTask", "lightning_kit.tasks.ClassificationTask", "model (torch.nn"),
        ("Trainer", "pytorch_lightning.Trainer", "max_epochs ("),
        ("Cosine", "lightning_kit.schedules.Cosine", "cycle_size (int, required)"),
        ("Freeze", "lightning_kit.callbacks.actions.Freeze", "names (str"),
        ("torch.optim.SGD", "torch.optim.SGD", "lr ("),
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
