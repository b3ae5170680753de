"""One row: rounds, warm-up, order, check."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import DifferentWork, Plan, Ratio, Row, Runner, measure
from benchmarks.harness.same_work import same_value


class Fake:
    """Takes given times, and notes when it was asked."""

    def __init__(self, name: str, legs: list[float], seen: list[str], outcome: int = 7) -> None:
        self.name, self.legs, self.seen, self.outcome = name, iter(legs), seen, outcome

    def leg(self) -> float:
        self.seen.append(self.name)
        return next(self.legs)

    def finish(self) -> int:
        return self.outcome


def row_of(fakes: dict[str, Fake], per: Any = 2, ratios: tuple[Ratio, ...] = ()) -> Row:
    def runners(plan: Plan) -> dict[str, Callable[[], Runner]]:
        return {name: partial(fakes.__getitem__, name) for name in fakes}

    return Row("fake", runners, per, ratios, same_value)


def test_warm_up_is_left_out_and_times_are_of_one_unit(tmp_path: Path) -> None:
    seen: list[str] = []
    fakes = {
        "a": Fake("a", [1000, 4, 8, 12], seen),
        "b": Fake("b", [1000, 2, 4, 6], seen),
    }
    row = row_of(fakes, {"a": 4, "b": 1}, (Ratio("b", "a", at_most=1.9),))
    measured = measure(row, Plan(3, folder=tmp_path))
    assert measured.seconds == {"a": [1, 2, 3], "b": [2, 4, 6]}
    found = measured.as_json()
    assert found["alternatives"]["b"]["median"] == 4
    assert found["ratios"][0]["ratio"] == pytest.approx(2)
    assert found["ratios"][0]["met"] is False


def test_each_goes_once_a_round_in_changing_order(tmp_path: Path) -> None:
    seen: list[str] = []
    fakes = {name: Fake(name, [1.0] * 20, seen) for name in "abc"}
    measure(row_of(fakes), Plan(19, folder=tmp_path))
    rounds = ["".join(seen[start : start + 3]) for start in range(0, 60, 3)]
    assert all(sorted(order) == ["a", "b", "c"] for order in rounds)
    assert len(set(rounds)) > 3


def test_different_outcomes_are_an_error(tmp_path: Path) -> None:
    fakes = {"a": Fake("a", [1, 1], []), "b": Fake("b", [1, 1], [], outcome=8)}
    with pytest.raises(DifferentWork, match="b gave 8, a 7"):
        measure(row_of(fakes), Plan(1, folder=tmp_path))
