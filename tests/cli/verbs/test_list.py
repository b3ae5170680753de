"""``list`` shows every part in one line each."""

from typing import Any

import pytest
from conftest import Run

from lightning_kit.cli.verbs.list import shorten


def test_everything_is_listed(kit: Run, capsys: Any) -> None:
    assert kit("list") == 0
    shown = capsys.readouterr().out
    for name in (
        "ClassificationTask",
        "DigitsDataModule",
        "EarlyStopping",
        "MLP",
        "digits_mlp",
        "Cosine",
        "EmptyCache",
    ):
        assert f"\n  {name} " in shown
    assert "AbstractTask" not in shown


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("tasks", "RegressionTask"),
        ("schedules", "Cosine"),
        ("actions", "Freeze"),
        ("recipes", "breast_cancer"),
        ("overlays", "cpu"),
    ],
)
def test_a_kind_alone(kit: Run, capsys: Any, kind: str, name: str) -> None:
    assert kit("list", kind) == 0
    shown = capsys.readouterr().out
    assert f"  {name} " in shown
    assert "EarlyStopping" not in shown
    rows = shown.splitlines()[1:]
    assert all(len(row.split(maxsplit=1)) == 2 for row in rows), "every row says what it is"


def test_a_row_is_whole_where_no_terminal_reads_it(
    kit: Run, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert kit("list", "callbacks") == 0
    assert "..." not in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert kit("list", "callbacks") == 0
    assert all(len(row) <= 40 for row in capsys.readouterr().out.splitlines())


def test_a_class_that_says_nothing_of_itself(kit: Run, capsys: Any) -> None:
    assert kit("list", "callbacks") == 0
    (row,) = [row for row in capsys.readouterr().out.splitlines() if " SpikeDetection " in row]
    assert row.split(maxsplit=1)[1].startswith("mode: ")


def test_a_misspelt_kind(kit: Run, capsys: Any) -> None:
    assert kit("list", "recipe") == 2
    assert "did you mean recipes?" in capsys.readouterr().err


def test_a_row_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert shorten("x" * 50) == "x" * 37 + "..."
    assert shorten("x" * 40) == "x" * 40
