"""A factor at each event."""

import math
import pickle
from typing import Any

import pytest

from lightning_kit.schedules import Exponential


def test_a_factor_at_each_event() -> None:
    assert Exponential(8.0, 0.5).values(5) == [8.0, 4.0, 2.0, 1.0, 0.5]
    assert Exponential(-1.0, 2).values(3) == [-1.0, -2.0, -4.0]
    schedule = Exponential(0.3, 0.9)
    assert pickle.loads(pickle.dumps(schedule)).values(9) == schedule.values(9)


def test_it_fades_to_nothing_and_grows_beyond_every_float() -> None:
    assert Exponential(1.0, 0.5)(10**6) == 0.0
    assert Exponential(1.0, 2.0)(10**4) == math.inf
    assert Exponential(-1.0, 2.0)(10**4) == -math.inf
    assert Exponential(0.0, 2.0)(10**4) == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": math.nan}, "start must be a finite number, got nan"),
        ({"gamma": 0}, "gamma must be above 0, got 0"),
        ({"gamma": -0.5}, "gamma must be above 0, got -0.5"),
        ({"gamma": math.nan}, "gamma must be a finite number, got nan"),
        ({"gamma": "0.5"}, "gamma must be a finite number, got '0.5'"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Exponential(**{"start": 1.0, "gamma": 0.5, **arguments})
