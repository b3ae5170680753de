"""Straight lines between milestones."""

import math
import pickle
from typing import Any

import pytest

from lightning_kit.schedules import Piecewise


def test_flat_then_straight_then_flat() -> None:
    found = Piecewise([(2, 1.0), (4, 0.0), (5, 3.0)]).values(8)
    assert found == [1.0, 1.0, 1.0, 0.5, 0.0, 3.0, 3.0, 3.0]


def test_one_milestone_is_a_constant_and_of_two_at_one_event_the_later_holds() -> None:
    assert Piecewise([(3, 0.5)]).values(5) == [0.5] * 5
    assert Piecewise([(0, 1.0), (2, 0.0), (2, 5.0), (4, 5.0)]).values(5) == [1.0, 0.5, 5, 5, 5]


def test_yaml_has_lists_for_pairs_and_the_caller_keeps_its_list() -> None:
    milestones: list[Any] = [[0, 1], [2, 0]]
    schedule = Piecewise(milestones)
    milestones.clear()
    assert schedule.values(3) == [1.0, 0.5, 0.0]
    assert all(type(value) is float for value in schedule.values(3))
    assert pickle.loads(pickle.dumps(schedule)).values(3) == schedule.values(3)


@pytest.mark.parametrize(
    ("milestones", "message"),
    [
        ([], r"milestones must hold at least one pair \(event, value\), got none"),
        ([1, 2], r"milestones must be pairs \(event, value\), got 1"),
        ([(1,)], r"milestones must be pairs \(event, value\), got \(1,\)"),
        ([(1, 2, 3)], r"milestones must be pairs \(event, value\), got \(1, 2, 3\)"),
        (["12"], r"milestones must be pairs \(event, value\), got '12'"),
        ([(0, math.nan)], "a milestone's value must be a finite number, got nan"),
        ([(0, "1")], "a milestone's value must be a finite number, got '1'"),
        ([(-1, 1.0)], r"milestones must be at whole events from 0, in order, got \[-1\]"),
        ([(3, 1.0), (2, 0.0)], r"milestones must be .* in order, got \[3, 2\]"),
        ([(0.5, 1.0)], r"milestones must be at whole events .* got \[0.5\]"),
    ],
)
def test_bad_arguments(milestones: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Piecewise(milestones)
