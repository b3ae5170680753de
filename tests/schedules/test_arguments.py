"""What no schedule can be made of."""

import math
import re
from typing import Any

import numpy as np
import pytest

from lightning_kit.schedules.arguments import (
    check_events,
    check_factor,
    check_order,
    check_schedule,
    check_values,
)


def test_numbers_of_numpy_are_numbers() -> None:
    check_events("n", np.int64(2), at_least=2)
    check_values(a=np.float32(1), b=np.int8(-1), c=True)
    check_factor(a=np.float64(0.5))
    check_order("n", [np.int64(0), 0, 5], at_least=0)


@pytest.mark.parametrize("value", [1.0, "2", None, False, 1])
def test_events(value: Any) -> None:
    with pytest.raises(ValueError, match=f"n must be .* got '?{value}'?"):
        check_events("n", value, at_least=2)


@pytest.mark.parametrize("value", [math.nan, -math.inf, "1", None, 1j])
def test_values(value: Any) -> None:
    with pytest.raises(ValueError, match="x must be a finite number, got"):
        check_values(good=1.0, x=value)


@pytest.mark.parametrize("events", [[-1], [2, 1], [1.0], [True], ["1"]])
def test_order(events: list[Any]) -> None:
    with pytest.raises(ValueError, match="n must be at whole events from 0, in order, got"):
        check_order("n", events, at_least=0)


@pytest.mark.parametrize("function", [abs, math.sqrt, lambda k, base=2: base * k])
def test_any_function_of_one_argument_is_a_schedule(function: Any) -> None:
    check_schedule("then", function)


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (0.1, "then must be a schedule or a function of (k), got 0.1"),
        (float, "then must be a function, got the class float: give an instance, float(...)"),
        (pow, "then must take (k), got pow(base, exp, mod=None)"),
    ],
)
def test_other_things_are_not(function: Any, line: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(line)}$"):
        check_schedule("then", function)
