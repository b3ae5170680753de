"""A triangle that restarts, or a ramp."""

import math
import pickle
from typing import Any

import pytest

from lightning_kit.schedules import Linear


def test_a_triangle_that_restarts() -> None:
    assert Linear(1.0, 0.0, 4).values(9) == [1.0, 0.5, 0.0, 0.5, 1.0, 0.5, 0.0, 0.5, 1.0]
    # of three events none is at the middle: 1 - 2 / 3 on both sides
    assert Linear(1.0, 0.0, 3).values(4) == pytest.approx([1.0, 1 / 3, 1 / 3, 1.0])


def test_a_ramp_never_gives_its_end() -> None:
    assert Linear(1.0, 0.0, 4, monotonic=True).values(5) == [1.0, 0.75, 0.5, 0.25, 1.0]


def test_multipliers_change_each_cycle() -> None:
    found = Linear(8.0, 0.0, 2, cycle_mult=2, start_mult=0.5, end_mult=1).values(8)
    # 8, 0; then four events from 4 to 0 and back; then eight from 2
    assert found == [8.0, 0.0, 4.0, 2.0, 0.0, 2.0, 2.0, 1.5]
    assert Linear(0.0, 1.0, 2, end_mult=3).values(6) == [0.0, 1.0, 0.0, 3.0, 0.0, 9.0]


def test_a_warmup_leads_from_the_end_to_the_next_start() -> None:
    found = Linear(4.0, 0.0, 2, warmup=2, start_mult=0.5, monotonic=True).values(8)
    # 4, 2, then 0 and half way to 2; 2, 1, then 0 and half way to 1
    assert found == [4.0, 2.0, 0.0, 1.0, 2.0, 1.0, 0.0, 0.5]


def test_a_pickle_gives_the_same_values() -> None:
    schedule = Linear(1.0, 0.1, 5, cycle_mult=1.5)
    assert pickle.loads(pickle.dumps(schedule)).values(40) == schedule.values(40)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": math.nan}, "start must be a finite number, got nan"),
        ({"start": "1"}, "start must be a finite number, got '1'"),
        ({"end": math.inf}, "end must be a finite number, got inf"),
        ({"end": None}, "end must be a finite number, got None"),
        ({"cycle_size": 1}, "cycle_size must be at least 2 events, got 1"),
        ({"cycle_size": 0}, "cycle_size must be at least 2 events, got 0"),
        ({"cycle_size": 2.5}, "cycle_size must be a whole number of events, got 2.5"),
        ({"cycle_size": True}, "cycle_size must be a whole number of events, got True"),
        ({"cycle_mult": 0}, "cycle_mult must be above 0, got 0"),
        ({"cycle_mult": -1.0}, "cycle_mult must be above 0, got -1.0"),
        ({"cycle_mult": math.nan}, "cycle_mult must be a finite number, got nan"),
        ({"cycle_mult": math.inf}, "cycle_mult must be a finite number, got inf"),
        ({"start_mult": math.nan}, "start_mult must be a finite number, got nan"),
        ({"end_mult": math.inf}, "end_mult must be a finite number, got inf"),
        ({"warmup": -1, "monotonic": True}, "warmup must be at least 0 events, got -1"),
        ({"warmup": 1.5, "monotonic": True}, "warmup must be a whole number of events, got 1.5"),
        ({"warmup": 2}, "warmup=2 needs monotonic=True"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Linear(**{"start": 1.0, "end": 0.0, "cycle_size": 4, **arguments})
