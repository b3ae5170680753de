"""Options that another makes idle are named."""

import re
from typing import Any

import pytest

from lightning_kit.cli.idle import idle_options, unreached_validation, untrained


@pytest.mark.parametrize(
    ("trainer", "line"),
    [
        ({"gradient_clip_algorithm": "norm"}, "no effect without gradient_clip_val"),
        ({"min_epochs": 5, "max_epochs": 3}, "never reached with max_epochs 3"),
        ({"min_steps": 50, "max_steps": 20}, "min_steps: 50 is never reached with max_steps 20"),
        ({"gradient_clip_val": -1}, "gradient_clip_val: must be at least 0, which .*, got -1"),
        ({"gradient_clip_val": float("nan")}, "got nan"),
        (
            {"enable_checkpointing": False, "callbacks": [{"class_path": "a.ModelCheckpoint"}]},
            "leave one out",
        ),
    ],
)
def test_an_idle_option(trainer: dict[str, Any], line: str) -> None:
    (found,) = idle_options({"trainer": trainer})
    assert re.search(line, found)


@pytest.mark.parametrize(
    "trainer",
    [
        {},
        {"gradient_clip_val": 0},
        {"min_steps": 50, "max_steps": -1},
        {"gradient_clip_algorithm": "norm", "gradient_clip_val": 1},
        {"min_epochs": 3, "max_epochs": 3},
        {"min_epochs": 3, "max_epochs": -1},
        {"enable_checkpointing": False, "callbacks": [{"class_path": "a.Timer"}]},
    ],
)
def test_options_that_work(trainer: dict[str, Any]) -> None:
    assert list(idle_options({"trainer": trainer})) == []


@pytest.mark.parametrize(
    ("every", "epochs", "reached"),
    [(3, 2, False), (2, 2, True), (1, None, True), (None, 2, True), (9, -1, True), (1, 0, True)],
)
def test_a_validation_that_comes_after_the_end(
    every: int | None, epochs: int | None, reached: bool
) -> None:
    found = unreached_validation({"check_val_every_n_epoch": every, "max_epochs": epochs})
    assert (found is None) is reached


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("max_epochs", 0, "0 trains nothing: give at least 1, or -1 for no limit"),
        ("max_steps", 0, "0 trains nothing"),
        ("limit_train_batches", 0, "0 trains nothing"),
        ("limit_train_batches", 0.0, "0.0 trains nothing: give a number of batches, or a share"),
        ("accumulate_grad_batches", 0, "must be at least 1, got 0"),
        ("accumulate_grad_batches", -1, "must be at least 1, got -1"),
    ],
)
def test_an_amount_that_trains_nothing(name: str, value: float, line: str) -> None:
    (found,) = untrained({"trainer": {name: value}})
    assert found.startswith(f"trainer.{name}: {line}")


@pytest.mark.parametrize(
    "trainer",
    [{"max_epochs": -1, "max_steps": -1}, {"max_epochs": None}, {"limit_train_batches": 0.5},
     {"max_epochs": 0, "fast_dev_run": True}, {"accumulate_grad_batches": 1}],
)  # fmt: skip
def test_amounts_that_train(trainer: dict[str, Any]) -> None:
    assert list(untrained({"trainer": trainer})) == []
