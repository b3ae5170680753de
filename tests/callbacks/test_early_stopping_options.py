"""What EarlyStopping refuses."""

from typing import Any

import pytest

from lightning_kit.callbacks.early_stopping import EarlyStopping


def score(trainer: Any, pl_module: Any) -> float:
    return 0.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "monitor must name a logged key, or score_function"),
        ({"monitor": "a", "score_function": score}, "monitor .'a'. and score_function exclude"),
        ({"score_function": "score"}, "score_function must be a function"),
        ({"monitor": ["a", "a"]}, "monitor must name each key once"),
        ({"monitor": "a", "mode": "up"}, "mode must be one of .*'up'"),
        ({"monitor": ["a", "b"], "mode": ["min"]}, "mode must be .* each of the 2 monitors, got 1"),
        ({"monitor": "a", "patience": -1}, "patience must be at least 0 checks, got -1"),
        ({"monitor": "a", "start_after": -1}, "start_after must be at least 0 checks, got -1"),
        ({"monitor": "a", "nan": "stop", "check_finite": True}, "nan .* and check_finite"),
        ({"monitor": "a", "nan": "maybe"}, "nan must be one of"),
        ({"monitor": "a", "delta_mode": "percent"}, "delta_mode must be one of"),
        ({"monitor": "a", "delta_mode": "rel", "min_delta": -1.0}, "min_delta must be at least 0"),
        ({"monitor": "a", "check_on": "batch"}, "check_on must be one of"),
        (
            {"monitor": "a", "check_on": "step", "check_on_train_epoch_end": False},
            "check_on .* and check_on_train_epoch_end",
        ),
        ({"monitor": "a", "combine": "any"}, "combine .* needs several monitors"),
        ({"monitor": ["a", "b"], "combine": "most"}, "combine must be one of"),
        ({"monitor": ["a", "b"], "stopping_threshold": 0.0}, "stopping_threshold .* single score"),
        ({"monitor": ["a", "b"], "restore_best": True}, "restore_best .* single score"),
        ({"monitor": "a", "preset": "keras"}, "preset must be one of"),
    ],
)
def test_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        EarlyStopping(**arguments)


def test_ignites_defaults_give_way_to_what_is_given() -> None:
    ignite = EarlyStopping("a", preset="ignite")
    assert ignite.judge is not None
    assert (ignite.mode, ignite.judge.plateaus[0].cumulative) == ("max", False)
    given = EarlyStopping("a", mode="min", cumulative=True, preset="ignite")
    assert given.judge is not None
    assert (given.mode, given.judge.plateaus[0].cumulative) == ("min", True)
    assert EarlyStopping("a").judge is None
