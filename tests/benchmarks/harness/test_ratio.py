"""The ratio of paired times, and its interval."""

import numpy as np
import pytest

from benchmarks.harness import Ratio
from benchmarks.harness.ratio import paired, spread


def test_what_slows_down_a_whole_round_is_in_neither_ratio_nor_interval() -> None:
    to = [1.0, 9.0, 2.0, 40.0, 1.5]
    found = paired([2 * time for time in to], to)
    assert found == pytest.approx({"ratio": 2, "low": 2, "high": 2})


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    covered, widths = 0, []
    for seed in range(100):
        machine = np.exp(random.normal(0, 1, 25))
        of = 1.3 * machine * np.exp(random.normal(0, 0.05, 25))
        found = paired(list(of), list(machine), seed=seed)
        covered += found["low"] <= 1.3 <= found["high"]
        widths.append(found["high"] / found["low"])
    # Of a hundred intervals at 95 %, fewer than 88 would come once in 500 times.
    assert 88 <= covered <= 100
    # The median of 25 spreads by 1.25 * 0.05 / 5, and an interval is four of that: 1.05.
    assert np.mean(widths) == pytest.approx(1.05, abs=0.01)


def test_one_wild_round_does_not_move_the_ratio() -> None:
    found = paired([1.1] * 10 + [99.0], [1.0] * 11)
    assert found["ratio"] == pytest.approx(1.1)
    assert found["high"] == pytest.approx(1.1)


@pytest.mark.parametrize(("of", "to"), [([], []), ([1.0], [1.0, 2.0]), ([0.0], [1.0])])
def test_what_is_no_pair_of_times_is_refused(of: list[float], to: list[float]) -> None:
    with pytest.raises(ValueError, match="must"):
        paired(of, to)


def test_a_bound_is_met_when_the_interval_reaches_it() -> None:
    at_most, at_least = Ratio("a", "b", at_most=1.15), Ratio("a", "b", at_least=4)
    assert at_most.is_met(1.14, 1.3) is True
    assert at_most.is_met(1.16, 1.3) is False
    assert at_least.is_met(3.5, 4.1) is True
    assert at_least.is_met(3.5, 3.9) is False
    assert Ratio("a", "b").is_met(1, 2) is None
    assert [at_most.bound, at_least.bound, Ratio("a", "b").bound] == ["<= 1.15", ">= 4", ""]


def test_the_spread_of_known_samples() -> None:
    assert spread([5.0, 1.0, 2.0, 4.0, 3.0]) == {
        "median": 3, "quartiles": [2, 4], "min": 1, "max": 5, "rounds": 5,
    }  # fmt: skip


def test_a_share_is_what_one_adds_beyond_another() -> None:
    machine = [1.0, 7.0, 2.0]
    with_it, without, to = ([factor * time for time in machine] for factor in (1.5, 1.4, 2.0))
    found = paired(with_it, to, without)
    assert found == pytest.approx({"ratio": 0.05, "low": 0.05, "high": 0.05})
    assert Ratio("EMA", "by hand", beyond="none").name == "(EMA - none) / by hand"
