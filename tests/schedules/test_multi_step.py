"""A factor at given events."""

import pickle
from typing import Any

import numpy as np
import pytest

from lightning_kit.schedules import MultiStep


def test_a_factor_at_given_events() -> None:
    assert MultiStep(1.0, [2, 5], 0.5).values(7) == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert MultiStep(1.0, [2, 2], 0.5).values(4) == [1, 1, 0.25, 0.25]
    assert MultiStep(1.0, (np.int64(1),), 0.5).values(2) == [1, 0.5]  # type: ignore[arg-type]


def test_the_caller_keeps_its_list_and_a_pickle_gives_the_same_values() -> None:
    milestones = [1, 2]
    schedule = MultiStep(1.0, milestones, 0.5)
    milestones.clear()
    assert schedule.values(3) == [1, 0.5, 0.25]
    assert pickle.loads(pickle.dumps(schedule)).values(3) == schedule.values(3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": "1"}, "start must be a finite number, got '1'"),
        ({"milestones": []}, "milestones must hold at least one event, got none"),
        ({"milestones": [0, 2]}, r"milestones must be at whole events from 1, .* got \[0, 2\]"),
        ({"milestones": [3, 2]}, r"milestones must be .* in order, got \[3, 2\]"),
        ({"milestones": [1.5]}, r"milestones must be at whole events .* got \[1.5\]"),
        ({"milestones": ["2"]}, r"milestones must be at whole events .* got \['2'\]"),
        ({"gamma": -1}, "gamma must be above 0, got -1"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MultiStep(**{"start": 1.0, "milestones": [2], "gamma": 0.5, **arguments})
