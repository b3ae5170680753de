"""A command line in flags, and the environment as flags."""

import pytest

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag, from_environment, split


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--a", "1"], [("a", "1")]),
        (["--a=1=2"], [("a", "1=2")]),
        (["--a", "-1.5"], [("a", "-1.5")]),
        (["--a", "-.5"], [("a", "-.5")]),
        (["--print_config", "x"], [("print_config", None), ("", "x")]),
        (["--a", "--b", "2"], [("a", None), ("b", "2")]),
        (["-c", "f.yaml"], [("c", "f.yaml")]),
        (["--a="], [("a", "")]),
    ],
)
def test_words_are_flags(args: list[str], expected: list[tuple[str, str | None]]) -> None:
    assert [(flag.key, flag.value) for flag in split(args)] == expected


def test_flags_go_back_to_words() -> None:
    assert Flag("a.b", "1").words() == ["--a.b=1"]
    assert Flag("print_config", None).words() == ["--print_config"]


def test_the_environment_speaks_lightningclis_names() -> None:
    environ = {"PL_FIT__TRAINER__MAX_EPOCHS": "3", "PL_FIT__MODEL__LR": "1", "PL_TEST__DATA": "x"}
    found = [(flag.key, flag.value) for flag in from_environment("fit", environ)]
    assert found == [("model.lr", "1"), ("trainer.max_epochs", "3")]


def test_a_misspelt_variable_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"PL_FIT__TRAINER__MAX_EPOCH.*did you mean trainer\.max_e"
    ):
        list(from_environment("fit", {"PL_FIT__TRAINER__MAX_EPOCH": "3"}))
