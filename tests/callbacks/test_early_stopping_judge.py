"""What is said of a check's scores."""

import math
from typing import Any

import pytest
from pytorch_lightning.callbacks.early_stopping import EarlyStoppingReason as Reason

from lightning_kit.callbacks.early_stopping import EarlyStopping
from lightning_kit.callbacks.early_stopping_judge import EarlyStoppingJudge


def judge(**options: Any) -> EarlyStoppingJudge:
    given = {"monitor": "a", "patience": 2, "check_on": "epoch", **options}
    found = EarlyStopping(**given).judge
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("options", "scores", "reason", "said"),
    [
        ({}, [1.0, 2.0, 2.0], Reason.PATIENCE_EXHAUSTED, "a did not improve in the last 2 checks"),
        ({}, [1.0, math.nan], Reason.NON_FINITE_METRIC, "a = nan is not finite"),
        ({"stopping_threshold": 0.5}, [1.0, 0.4], Reason.STOPPING_THRESHOLD, "a = 0.4 < 0.5"),
        (
            {"stopping_threshold": 0.5, "mode": "max"},
            [0.1, 0.6],
            Reason.STOPPING_THRESHOLD,
            "a = 0.6 > 0.5",
        ),
        ({"divergence_threshold": 9.0}, [1.0, 9.5], Reason.DIVERGENCE_THRESHOLD, "a = 9.5 > 9.0"),
        (
            {"divergence_threshold": 0.2, "mode": "max"},
            [1.0, 0.1],
            Reason.DIVERGENCE_THRESHOLD,
            "a = 0.1 < 0.2",
        ),
    ],
)
def test_the_last_score_stops(
    options: dict[str, Any], scores: list[float], reason: Reason, said: str
) -> None:
    asked = judge(**options)
    for score in scores[:-1]:
        assert asked.judge([score]) == (Reason.NOT_STOPPED, None)
    found, why = asked.judge([scores[-1]])
    assert found == reason
    assert said in (why or "")


def test_a_threshold_that_is_not_crossed_changes_nothing() -> None:
    asked = judge(stopping_threshold=0.5, divergence_threshold=9.0)
    assert [asked.judge([score])[0] for score in (0.5, 9.0)] == [Reason.NOT_STOPPED] * 2


@pytest.mark.parametrize(("mode", "best"), [("min", math.inf), ("max", -math.inf)])
def test_before_the_first_score_the_best_is_infinitely_bad(mode: str, best: float) -> None:
    asked = judge(mode=mode)
    assert (asked.best, asked.num_stale) == (best, 0)


def test_lightnings_state_is_taken_too() -> None:
    asked = judge()
    asked.load_state_dict({"best_score": 1.0, "wait_count": 1})
    assert asked.judge([1.0])[0] == Reason.PATIENCE_EXHAUSTED
    asked.load_state_dict({"best_score": math.inf, "wait_count": 0})
    assert asked.plateaus[0].best is None
