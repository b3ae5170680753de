"""Half a cosine wave that restarts."""

import math
import pickle
from typing import Any

import pytest

from lightning_kit.schedules import Cosine


def test_half_a_wave_that_restarts() -> None:
    half = math.sqrt(0.5)
    one = [1.0, (1 + half) / 2, 0.5, (1 - half) / 2]
    assert Cosine(1.0, 0.0, 4).values(8) == pytest.approx(one + one)
    assert Cosine(0.0, 2.0, 2).values(4) == pytest.approx([0.0, 1.0, 0.0, 1.0])


def test_multipliers_change_each_cycle() -> None:
    found = Cosine(4.0, 0.0, 2, cycle_mult=2, start_mult=0.5).values(7)
    half = math.sqrt(0.5)
    assert found == pytest.approx([4.0, 2.0, 2.0, 1 + half, 1.0, 1 - half, 1.0])


def test_a_warmup_leads_from_the_end_to_the_next_start() -> None:
    found = Cosine(4.0, 0.0, 2, warmup=2, start_mult=0.5).values(8)
    assert found == pytest.approx([4.0, 2.0, 0.0, 1.0, 2.0, 1.0, 0.0, 0.5])


def test_a_pickle_gives_the_same_values() -> None:
    schedule = Cosine(1.0, 0.1, 5, cycle_mult=1.5, warmup=2)
    assert pickle.loads(pickle.dumps(schedule)).values(40) == schedule.values(40)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": math.inf}, "start must be a finite number, got inf"),
        ({"end": math.nan}, "end must be a finite number, got nan"),
        ({"cycle_size": 1}, "cycle_size must be at least 2 events, got 1"),
        ({"cycle_mult": 0.0}, "cycle_mult must be above 0, got 0.0"),
        ({"start_mult": math.inf}, "start_mult must be a finite number, got inf"),
        ({"end_mult": math.nan}, "end_mult must be a finite number, got nan"),
        ({"warmup": -2}, "warmup must be at least 0 events, got -2"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cosine(**{"start": 1.0, "end": 0.0, "cycle_size": 4, **arguments})


def test_a_cosine_has_no_ramp_to_choose() -> None:
    with pytest.raises(TypeError, match="monotonic"):
        Cosine(1.0, 0.0, 4, monotonic=True)  # type: ignore[call-arg]
