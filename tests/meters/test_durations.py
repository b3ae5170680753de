"""Durations are summed up as if they had been kept."""

import math
import random
import statistics

import pytest

from lightning_kit.meters import Durations


def test_against_the_kept_list() -> None:
    generator = random.Random(0)
    for _ in range(200):
        kept = [1e4 + generator.random() for _ in range(generator.randint(2, 50))]
        durations = Durations()
        for seconds in kept:
            durations.add(seconds)
        assert durations.count == len(kept)
        assert durations.total_s == pytest.approx(sum(kept), rel=1e-12)
        assert durations.mean_s == pytest.approx(statistics.mean(kept), rel=1e-12)
        assert durations.std_s == pytest.approx(statistics.stdev(kept), rel=1e-6)
        assert (durations.min_s, durations.max_s) == (min(kept), max(kept))
        assert kept[durations.min_at - 1] == min(kept)
        assert kept[durations.max_at - 1] == max(kept)


def test_of_equal_ones_the_first_is_named() -> None:
    durations = Durations()
    for seconds in (2.0, 1.0, 1.0, 2.0):
        durations.add(seconds)
    assert (durations.min_at, durations.max_at) == (2, 1)


def test_none_and_one() -> None:
    durations = Durations()
    assert math.isnan(durations.mean_s)
    durations.add(3.0)
    assert durations.mean_s == 3.0
    assert math.isnan(durations.std_s)
