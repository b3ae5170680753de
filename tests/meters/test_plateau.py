"""When a stream of scores has stopped improving."""

import math
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from lightning_kit.meters import Plateau

NAN, INF = math.nan, math.inf


def stops(scores: list[float], *args: Any, **options: Any) -> list[bool]:
    plateau = Plateau(*args, **options)
    return [plateau.update(score) for score in scores]


def stop_at(scores: list[float], *args: Any, **options: Any) -> int | None:
    """Return the 1-based check that said stop."""
    verdicts = stops(scores, *args, **options)
    return verdicts.index(True) + 1 if True in verdicts else None


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_count_starts_after_the_best_and_a_tie_is_no_gain(mode: Any) -> None:
    sign = 1 if mode == "max" else -1
    scores = [sign * score for score in (1.0, 2.0, 2.0, 1.5, 2.5, 2.5, 2.4)]
    # best 1, 2; stale 1 (a tie), 2; best 2.5; stale 1, 2
    assert stop_at(scores, 2, mode) == 4
    assert stop_at(scores, 3, mode) is None
    plateau = Plateau(3, mode)
    for score in scores:
        plateau.update(score)
    assert (plateau.best, plateau.num_stale) == (sign * 2.5, 2)


def test_before_the_first_score_there_is_no_best() -> None:
    plateau = Plateau(1, "min")
    assert (plateau.best, plateau.num_stale) == (None, 0)
    assert not plateau.update(5.0)  # whatever it is, the first is the best so far
    assert plateau.update(5.0)


def test_a_verdict_is_given_again_and_taken_back_by_a_gain() -> None:
    assert stops([1, 0, 0, 0, 2, 1], 2, "max") == [False, False, True, True, False, False]


def test_an_absolute_delta_is_beaten_strictly() -> None:
    # best 1: 1.5 is not above 1 + 0.5, and 1.75 is
    assert stops([1.0, 1.5, 1.75], 2, "max", min_delta=0.5) == [False, False, False]
    plateau = Plateau(5, "max", min_delta=0.5)
    for score, best, stale in ((1.0, 1.0, 0), (1.5, 1.0, 1), (1.75, 1.75, 0), (2.25, 1.75, 1)):
        plateau.update(score)
        assert (plateau.best, plateau.num_stale) == (best, stale)


def test_small_gains_add_up_only_where_they_are_cumulative() -> None:
    scores = [0.0, 0.3, 0.6]
    # baseline 0: 0.3 falls short of 0.4, 0.6 does not
    assert stop_at(scores, 2, "max", min_delta=0.4) is None
    # baseline 0, then 0.3: both gains are of 0.3
    assert stop_at(scores, 2, "max", min_delta=0.4, cumulative=False) == 3
    falling = [-score for score in scores]
    assert stop_at(falling, 2, "min", min_delta=0.4, cumulative=False) == 3
    # A loss moves the baseline in neither.
    plateau = Plateau(9, "max", min_delta=0.4, cumulative=False)
    for score in (1.0, 0.5, 1.2):
        plateau.update(score)
    assert (plateau.best, plateau.num_stale) == (1.2, 2)


@pytest.mark.parametrize(
    ("scores", "mode", "expected"),
    [
        # 10 % of 10 is 1: 11 is no gain, 11.5 is one
        ([10.0, 11.0, 11.5], "max", [0, 1, 0]),
        # 10 % of |-10| is 1: -9 is no gain, -8.5 is one, and -10.5 is worse, not better
        ([-10.0, -9.0, -8.5], "max", [0, 1, 0]),
        ([-10.0, -10.5, -12.0], "max", [0, 1, 2]),
        ([10.0, 9.0, 8.5], "min", [0, 1, 0]),
        ([-10.0, -10.5, -12.0], "min", [0, 1, 0]),
        # of 0, every gain is more than 10 %
        ([0.0, 1e-9], "max", [0, 0]),
    ],
)
def test_a_relative_delta_is_a_share_of_the_size_of_the_best(
    scores: list[float], mode: Any, expected: list[int]
) -> None:
    plateau = Plateau(9, mode, min_delta=0.1, delta_mode="rel")
    stale = []
    for score in scores:
        plateau.update(score)
        stale.append(plateau.num_stale)
    assert stale == expected


def test_scores_are_compared_in_double_precision() -> None:
    # In float32 the two are the same number.
    assert stops([1.0, 1.0 + 1e-12], 1, "max") == [False, False]


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize(
    ("nan", "expected"),
    [
        ("stop", [False, True, False, True]),  # the good score in between is a gain
        ("count", [False, False, False, False]),
        ("ignore", [False, False, False, False]),
    ],
)
def test_what_a_score_that_is_not_finite_does(
    bad: float, mode: Any, nan: Any, expected: list[bool]
) -> None:
    better = 2.0 if mode == "max" else 0.0
    assert stops([1.0, bad, better, bad], 2, mode, nan=nan) == expected


def test_a_counted_nan_wears_patience_down_and_an_ignored_one_does_not() -> None:
    assert stop_at([1.0, NAN, NAN], 2, "max", nan="count") == 3
    assert stop_at([1.0, NAN, NAN, 0.5, 0.5], 2, "max", nan="ignore") == 5
    # It is nobody's best: after it 0.5 is still compared with 1.
    plateau = Plateau(3, "max", nan="count")
    for score in (1.0, NAN, 0.5):
        plateau.update(score)
    assert (plateau.best, plateau.num_stale) == (1.0, 2)


@pytest.mark.parametrize(("nan", "at"), [("stop", 1), ("count", 2), ("ignore", None)])
def test_a_stream_that_starts_with_nan(nan: Any, at: int | None) -> None:
    assert stop_at([NAN, NAN, NAN], 2, "min", nan=nan) == at
    plateau = Plateau(2, "min", nan=nan)
    for score in (NAN, 7.0):
        plateau.update(score)
    assert (plateau.best, plateau.num_stale) == (7.0, 0)


@pytest.mark.parametrize(
    "score",
    [
        torch.tensor(2.0),
        torch.tensor([2.0]),
        torch.tensor(2.0, dtype=torch.bfloat16),
        torch.tensor(2.0, requires_grad=True),
        torch.tensor(2),
        np.float32(2),
        np.int64(2),
        np.array(2.0),
        2,
    ],
)
def test_any_kind_of_number_is_a_score(score: Any) -> None:
    plateau = Plateau(2, "max")
    assert not plateau.update(1.0)
    assert not plateau.update(score)
    assert plateau.best == 2.0
    assert type(plateau.best) is float


def test_reset_forgets_the_scores_and_keeps_the_settings() -> None:
    plateau = Plateau(1, "max")
    assert [plateau.update(score) for score in (2.0, 1.0)] == [False, True]
    plateau.reset()
    assert (plateau.best, plateau.num_stale) == (None, 0)
    assert [plateau.update(score) for score in (1.0, 1.0)] == [False, True]


def test_state_goes_on_where_it_was_and_leaves_settings_alone() -> None:
    scores = [1.0, 2.0, 1.5, 1.0, 0.5]
    whole = Plateau(3, "max")
    verdicts = [whole.update(score) for score in scores]
    for cut in range(len(scores) + 1):
        first = Plateau(3, "max")
        head = [first.update(score) for score in scores[:cut]]
        second = Plateau(3, "max")
        second.load_state_dict(first.state_dict())
        assert head + [second.update(score) for score in scores[cut:]] == verdicts
    changed = Plateau(5, "max")
    changed.load_state_dict(whole.state_dict())
    assert changed.patience == 5
    assert set(whole.state_dict()) == {"best", "num_stale"}


def test_state_is_plain_whatever_was_scored_and_a_pickle_goes_on(tmp_path: Any) -> None:
    plateau = Plateau(2, "max")
    plateau.update(float(np.float32(1.5)))
    torch.save(plateau.state_dict(), tmp_path / "state.pt")
    assert torch.load(tmp_path / "state.pt", weights_only=True) == {"best": 1.5, "num_stale": 0}
    again = pickle.loads(pickle.dumps(plateau))
    assert [again.update(score) for score in (1.0, 1.0)] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patience": 0}, "patience must be at least 1 check, got 0"),
        ({"patience": -1}, "patience must be at least 1 check, got -1"),
        ({"patience": 2.5}, "patience must be a whole number, at least 1, got 2.5"),
        ({"patience": NAN}, "patience must be a whole number, at least 1, got nan"),
        ({"patience": True}, "patience must be a whole number, at least 1, got True"),
        ({"patience": "3"}, "patience must be a whole number, at least 1, got '3'"),
        ({"mode": "auto"}, r"mode must be one of \('min', 'max'\), got 'auto'"),
        ({"mode": ["max"]}, r"mode must be one of \('min', 'max'\), got \['max'\]"),
        ({"min_delta": -0.1}, "min_delta must be at least 0 and finite, got -0.1"),
        ({"min_delta": NAN}, "min_delta must be at least 0 and finite, got nan"),
        ({"min_delta": INF}, "min_delta must be at least 0 and finite, got inf"),
        ({"min_delta": "1"}, "min_delta must be at least 0 and finite, got '1'"),
        ({"delta_mode": "relative"}, r"delta_mode must be one of \('abs', 'rel'\), got 'relative'"),
        ({"nan": "skip"}, r"nan must be one of \('stop', 'count', 'ignore'\), got 'skip'"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Plateau(**{"patience": 3, "mode": "max", **arguments})
