"""Runs that take turns."""

from collections.abc import Callable

import pytest

from benchmarks.harness import Turn
from benchmarks.harness.runner import CLOCKS


def test_a_leg_is_what_lies_between_two_boundaries(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setitem(CLOCKS, "wall", lambda: now[0])

    def run(boundary: Callable[[], None]) -> str:
        now[0] += 100
        for seconds in (1, 2, 4, 50):
            boundary()
            now[0] += seconds
        return "done"

    turn = Turn(run)
    legs = []
    for _ in range(3):
        # What goes on while the run stands still is in no leg.
        now[0] += 1000
        legs.append(turn.leg())
    assert legs == [1, 2, 4]
    assert turn.finish() == "done"


def test_runs_go_on_one_at_a_time_and_only_when_told() -> None:
    seen: list[str] = []

    def run(name: str) -> Callable[[Callable[[], None]], None]:
        def steps(boundary: Callable[[], None]) -> None:
            for number in range(3):
                boundary()
                seen.append(f"{name}{number}")

        return steps

    one, other = Turn(run("a")), Turn(run("b"))
    assert seen == []
    one.leg()
    other.leg()
    other.leg()
    one.leg()
    assert seen == ["a0", "b0", "b1", "a1"]
    one.finish()
    other.finish()
    assert seen[4:] == ["a2", "b2"]


def test_after_the_last_leg_a_run_goes_on_over_further_boundaries() -> None:
    def run(boundary: Callable[[], None]) -> int:
        for _ in range(5):
            boundary()
        return 5

    turn = Turn(run)
    turn.leg()
    assert turn.finish() == 5


def test_an_error_of_the_run_is_raised_where_it_was_told_to_go_on() -> None:
    def run(boundary: Callable[[], None]) -> None:
        boundary()
        raise ZeroDivisionError("in the first leg")

    turn = Turn(run)
    with pytest.raises(ZeroDivisionError, match="in the first leg"):
        turn.leg()


def test_a_run_that_ends_too_early_is_told_of() -> None:
    turn = Turn(lambda boundary: boundary())
    with pytest.raises(RuntimeError, match="one more epoch than legs"):
        turn.leg()
