"""A ramp that leads into another schedule."""

import math
import pickle
from typing import Any

import pytest

from lightning_kit.schedules import Exponential, Piecewise, Warmup


def halves(k: int) -> float:
    return 8.0 * 0.5**k


def test_the_ramps_end_is_the_others_first_event_and_given_once() -> None:
    # 0, 4, 8 in three events; 8 is also halves(0)
    assert Warmup(halves, 0.0, 3).values(6) == [0.0, 4.0, 8.0, 4.0, 2.0, 1.0]
    assert Warmup(halves, 0.0, 3, end=8.0).values(6) == [0.0, 4.0, 8.0, 4.0, 2.0, 1.0]


def test_another_end_has_an_event_of_its_own() -> None:
    # 0, 5, 10 in three events, then halves from its event 0
    assert Warmup(halves, 0.0, 3, end=10.0).values(6) == [0.0, 5.0, 10.0, 8.0, 4.0, 2.0]


def test_two_events_are_the_shortest_ramp_and_it_may_lead_down() -> None:
    assert Warmup(halves, 0.0, 2).values(3) == [0.0, 8.0, 4.0]
    assert Warmup(halves, 16.0, 3).values(4) == [16.0, 12.0, 8.0, 4.0]
    assert Warmup(Piecewise([(0, 1.0)]), 1.0, 4).values(5) == [1.0] * 5


def test_a_pickle_gives_the_same_values() -> None:
    schedule = Warmup(Exponential(1.0, 0.9), 0.0, 5)
    assert pickle.loads(pickle.dumps(schedule)).values(20) == schedule.values(20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"duration": 1}, "duration must be at least 2 events, got 1"),
        ({"duration": 0}, "duration must be at least 2 events, got 0"),
        ({"duration": 2.5}, "duration must be a whole number of events, got 2.5"),
        ({"start": math.nan}, "start must be a finite number, got nan"),
        ({"end": math.inf}, "end must be a finite number, got inf"),
        ({"then": 0.1}, "then must be a schedule or a function of .k., got 0.1"),
        ({"then": pow}, r"then must take \(k\), got pow\(base, exp, mod=None\)"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Warmup(**{"then": halves, "start": 0.0, "duration": 3, **arguments})
