"""A null that an argument does not take is wrong input; where it may be one, it passes."""

from pathlib import Path
from typing import Any, Literal

import pytest
from conftest import Run

from lightning_kit.cli.nulls import nulls


class Taking:
    def __init__(  # type: ignore[no-untyped-def]
        self,
        untold,
        number: int,
        either: int | float = 1,
        mode: Literal["min", "max"] = "min",
        names: list[str] = [],  # noqa: B006
        maybe: int | None = 1,
        any_: Any = 1,
        loose: int = None,  # type: ignore[assignment]  # noqa: RUF013
    ) -> None: ...


@pytest.mark.parametrize(
    ("argument", "wanted"),
    [("number", "int"), ("either", "float or int"), ("mode", "'min' or 'max'"),
     ("names", "list[str]"), ("maybe", ""), ("any_", ""), ("loose", ""), ("untold", ""),
     ("absent", "")],
)  # fmt: skip
def test_an_argument(argument: str, wanted: str) -> None:
    entry = {"class_path": f"{__name__}.Taking", "init_args": {argument: None}}
    expected = [f"x.{argument}: must be {wanted}, got null"] if wanted else []
    assert list(nulls("x", entry)) == expected


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (
            ["--callbacks.EarlyStopping.patience", "null"],
            "callbacks.EarlyStopping.patience: must b",
        ),
        (["--callbacks", "{EarlyStopping: {patience: null}}"], "callbacks.EarlyStopping.patience"),
        (["--model.lr", "null"], "--model.lr: must be float, got null"),
        (["-c", "null.yaml"], "model.lr: must be float, got null"),
    ],
)
@pytest.mark.parametrize("verb", ["fit", "check"])
def test_the_command_line(
    kit: Run, recipe: str, capsys: Any, verb: str, args: list[str], line: str
) -> None:
    Path("null.yaml").write_text("model: {init_args: {lr: null}}")
    assert kit(verb, "-c", recipe, *args) == 2
    assert line in capsys.readouterr().err
    assert not Path("runs").exists()
