from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lightning_kit.export.interval import intervals


def accuracy(answers: Mapping[str, NDArray[Any]], target: Any) -> dict[str, float]:
    return {"accuracy": float((answers["y"] == target).mean())}


def test_the_interval_is_that_of_a_proportion() -> None:
    # 80 % of 400: the standard error is sqrt(0.8 * 0.2 / 400) = 0.02.
    target = np.zeros(400, np.int64)
    answers = {"y": (np.arange(400) % 5 == 0).astype(np.int64)}
    low, high = intervals(accuracy, answers, target)["accuracy"]
    assert low == pytest.approx(0.8 - 1.96 * 0.02, abs=0.012)
    assert high == pytest.approx(0.8 + 1.96 * 0.02, abs=0.012)


def test_the_seed_decides() -> None:
    target, answers = np.arange(50) % 2, {"y": np.arange(50) % 3}
    assert intervals(accuracy, answers, target) == intervals(accuracy, answers, target)
    assert intervals(accuracy, answers, target) != intervals(accuracy, answers, target, seed=1)


def test_rows_stay_paired() -> None:
    target = np.arange(50) % 2
    assert intervals(accuracy, {"y": target}, target) == {"accuracy": (1.0, 1.0)}


def test_nan_is_left_out_of_the_ranks_and_all_nan_is_nan() -> None:
    values = iter([float("nan"), 1.0] * 100)
    result = intervals(lambda answers, target: {"m": next(values)}, {}, np.zeros(4))
    assert result == {"m": (1.0, 1.0)}
    low, high = intervals(lambda answers, target: {"m": float("nan")}, {}, np.zeros(4))["m"]
    assert low != low
    assert high != high
