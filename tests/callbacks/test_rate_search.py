"""Rates at each step, and where the loss fell most."""

import pytest

from lightning_kit.callbacks.rate_search import GroupSearch, rates


def test_each_group_goes_its_way() -> None:
    at = rates([1.0, 0.1], [16.0, 1.6], 4, "exponential", ignite=False)
    # Lightning's: the lowest, then the second quarter on.
    assert [at(k)[0] for k in range(4)] == pytest.approx([1, 4, 8, 16])
    assert [at(k)[1] for k in range(4)] == pytest.approx([0.1, 0.4, 0.8, 1.6])
    at = rates([0.0], [8.0], 4, "linear", ignite=False)
    assert [at(k) for k in range(4)] == [[0.0], [4.0], [6.0], [8.0]]


def test_ignites_first_rate_comes_twice() -> None:
    at = rates([1.0], [16.0], 4, "exponential", ignite=True)
    assert [at(k)[0] for k in range(4)] == pytest.approx([2, 2, 4, 8])
    at = rates([0.0], [8.0], 4, "linear", ignite=True)
    assert [at(k)[0] for k in range(4)] == [0.0, 0.0, 2.0, 4.0]


def test_ignites_suggestion_is_the_steepest_fall_before_the_lowest_loss() -> None:
    search = GroupSearch("linear", 0.0, 1.0, 9, find_rates=lambda each: lambda k: [], ignite=True)
    losses = [5.0, 4.9, 4.0, 2.0, 1.9, 1.8, 9.0, 3.0]
    search.results = {"loss": losses, "lr": list(range(8))}
    # Central differences at 1, 2, 3, 4: -1, -2.9, -2.1, -0.2; the fall from 9 to 3 is too late.
    assert search.suggestion() == 2
    search.results = {"loss": [1.0, 0.5, 2.0], "lr": [0, 1, 2]}
    assert search.suggestion() is None
    assert search.suggested_rates() is None
