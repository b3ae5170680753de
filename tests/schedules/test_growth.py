"""A value times a power, beyond what a float holds."""

import math

import pytest

from lightning_kit.schedules.growth import grown


@pytest.mark.parametrize(
    ("start", "factor", "times", "expected"),
    [
        (3.0, 2.0, 4, 48.0),
        (3.0, -2.0, 3, -24.0),
        (3.0, 0.5, 10**6, 0.0),
        (3.0, 10.0, 400, math.inf),
        (-3.0, 10.0, 400, -math.inf),
        (3.0, -10.0, 401, -math.inf),
        (-3.0, -10.0, 401, math.inf),
        (-3.0, -10.0, 400, -math.inf),
        (0.0, 10.0, 400, 0.0),
    ],
)
def test_a_value_times_a_power(start: float, factor: float, times: int, expected: float) -> None:
    assert grown(start, factor, times) == expected
