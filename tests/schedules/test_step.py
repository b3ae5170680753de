"""A factor every so many events."""

import math
import pickle
from typing import Any

import pytest

from lightning_kit.schedules import Step


def test_a_factor_every_so_many_events() -> None:
    assert Step(1.0, 3, 0.5).values(8) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert Step(1.0, 1, 2).values(4) == [1, 2, 4, 8]
    schedule = Step(0.3, 2, 0.9)
    assert pickle.loads(pickle.dumps(schedule)).values(9) == schedule.values(9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": math.inf}, "start must be a finite number, got inf"),
        ({"step_size": 0}, "step_size must be at least 1 event, got 0"),
        ({"step_size": 1.5}, "step_size must be a whole number of events, got 1.5"),
        ({"gamma": 0.0}, "gamma must be above 0, got 0.0"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Step(**{"start": 1.0, "step_size": 2, "gamma": 0.5, **arguments})
