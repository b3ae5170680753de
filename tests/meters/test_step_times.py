"""Means over all steps, percentiles over some of them."""

import numpy as np
import pytest

from lightning_kit.meters import StepTimes
from lightning_kit.meters.step_times import MOST


def test_means_are_of_all_steps_also_of_those_that_lack_a_part() -> None:
    times = StepTimes()
    for step in range(10):
        times.add({"forward": 1.0, **({"validation": 30.0} if step == 9 else {})})
    assert times.count == 10
    assert times.means() == {"forward": 1.0, "validation": 3.0}
    assert times.percentile(50, "validation") == 0.0
    assert times.percentile(100, "validation") == 30.0
    assert times.percentile(0) == 1.0
    assert times.percentile(100) == times.percentile(100, "forward", "validation") == 31.0


def test_percentiles_of_a_long_epoch_are_of_steps_all_over_it() -> None:
    times, steps = StepTimes(), np.arange(20 * MOST + 17, dtype=float)
    for seconds in steps:
        times.add({"forward": seconds})
    assert len(times._kept) < MOST
    assert times.means()["forward"] == steps.mean()
    for q in (5, 50, 95):
        assert times.percentile(q) == pytest.approx(np.percentile(steps, q), rel=0.01)


def test_no_step_has_no_percentile() -> None:
    assert StepTimes().means() == {}
    with pytest.raises(ValueError, match="needs a step"):
        StepTimes().percentile(50)
