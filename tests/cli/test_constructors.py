"""A constructor that raises is named, wherever it stands in the configuration."""

from typing import Any

import pytest
from conftest import Run

from lightning_kit.cli.constructors import of_constructor

CONFIG = {"model": {"class_path": "mine.Angry"}, "data": {"class_path": "mine.Calm"}}


class Angry:
    def __init__(self, error: Exception) -> None:
        raise error


def line_of(error: Exception) -> str | None:
    try:
        try:
            Angry(error)
        except Exception as inner:
            raise ValueError("of no type at all") from inner
    except ValueError as wrapped:
        return of_constructor(wrapped, CONFIG)
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("at least 1\nor more"), "model (Angry): at least 1"),
        (RuntimeError("no weights"), "model (Angry): RuntimeError: no weights"),
        (KeyError("rate"), "model (Angry): KeyError: 'rate'"),
        (AssertionError(), "model (Angry): AssertionError"),
    ],
)
def test_the_class_and_what_it_said(error: Exception, line: str) -> None:
    assert line_of(error) == line


def test_what_no_constructor_raised_is_left() -> None:
    assert of_constructor(ValueError("x"), CONFIG) is None


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        ("--model=programs.faulty.AngryModule", "model (AngryModule): RuntimeError: no luck"),
        ("--data=programs.faulty.AngryData", "data (AngryData): RuntimeError: no luck"),
        (
            "--trainer.callbacks+=programs.faulty.AngryCallback",
            "callbacks.AngryCallback: RuntimeError: no luck",
        ),
    ],
)
def test_on_the_command_line(kit: Run, recipe: str, capsys: Any, flag: str, line: str) -> None:
    for verb in ("fit", "check"):
        assert kit(verb, "-c", recipe, flag) == 2
        assert line in capsys.readouterr().err
