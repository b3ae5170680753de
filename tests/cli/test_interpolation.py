"""``${...}`` names any setting, whichever layer gave it."""

from typing import Any

import pytest

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag
from lightning_kit.cli.interpolation import interpolated

CONFIG: dict[str, Any] = {
    "seed": 5,
    "model": {"class_path": "a.B", "init_args": {"x": "${seed}", "y": "at ${seed}", "z": [1]}},
    "list": [{"x": "${model.init_args.x}"}],
}


def test_values_keep_their_type() -> None:
    config, _ = interpolated(CONFIG, [], [])
    assert config["model"]["init_args"] == {"x": 5, "y": "at 5", "z": [1]}
    assert config["list"] == [{"x": 5}]


def test_flags_are_seen_and_not_laid_in() -> None:
    config, flags = interpolated(CONFIG, [Flag("seed", "7")], [["seed"]])
    assert config["model"]["init_args"]["x"] == 7
    assert config["seed"] == 5
    assert flags == [Flag("seed", "7")]


def test_a_flag_may_name_a_setting() -> None:
    _, flags = interpolated({"seed": 5, "n": 1}, [Flag("n", "${seed}")], [["n"]])
    assert flags[0].value == "5"


def test_the_environment_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWS", "here.csv")
    assert interpolated({"path": "${oc.env:ROWS}"}, [], [])[0] == {"path": "here.csv"}


def test_a_key_that_is_not_there_is_one_line() -> None:
    with pytest.raises(InputError, match="a: Interpolation key 'sed' not found"):
        interpolated({"a": "${sed}", "seed": 1}, [], [])


def test_nothing_to_resolve_is_left_alone() -> None:
    config = {"a": object()}
    assert interpolated(config, [], [])[0] is config
