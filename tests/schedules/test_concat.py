"""Schedules one after the other."""

import pickle
from typing import Any

import pytest

from lightning_kit.schedules import Concat, Exponential, Linear, Piecewise


def double(k: int) -> float:
    return 2 * k


def test_each_starts_at_its_own_event_0_and_the_last_goes_on() -> None:
    schedule = Concat([Exponential(8.0, 0.5), double, Linear(0.0, 1.0, 2)], [2, 3])
    assert schedule.values(9) == [8.0, 4.0, 0.0, 2.0, 4.0, 0.0, 1.0, 0.0, 1.0]
    assert all(type(value) is float for value in schedule.values(9))
    assert schedule(10**6) == schedule(10**6 + 2)
    assert pickle.loads(pickle.dumps(schedule)).values(9) == schedule.values(9)


def test_it_may_hold_itself_another() -> None:
    inner = Concat([Piecewise([(0, 1.0)]), Piecewise([(0, 2.0)])], [1])
    assert Concat([inner, Piecewise([(0, 3.0)])], [3]).values(5) == [1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("schedules", "durations", "message"),
    [
        ([], [], "schedules must be at least 2, got 0"),
        ([double], [], "schedules must be at least 2, got 1"),
        ([double, 3], [1], "schedules must be a schedule or a function of .k., got 3"),
        ([double, pow], [1], r"schedules must take \(k\), got pow\(base, exp, mod=None\)"),
        ([double, double], [], "durations must be 1, one fewer than schedules: .* got 0"),
        ([double, double], [1, 2], "durations must be 1, one fewer than schedules: .* got 2"),
        ([double, double], [0], "durations must be at least 1 event, got 0"),
        ([double, double, double], [3, -1], "durations must be at least 1 event, got -1"),
        ([double, double], [1.5], "durations must be a whole number of events, got 1.5"),
    ],
)
def test_bad_arguments(schedules: Any, durations: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Concat(schedules, durations)
