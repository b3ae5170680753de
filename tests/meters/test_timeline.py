"""Time is shared out among nested parts, with nothing lost."""

from collections.abc import Iterator
from typing import Any

import pytest

from lightning_kit.meters import Timeline, own_times


def timeline(*moments: Any) -> Timeline:
    return Timeline(iter(moments).__next__)


def test_a_part_is_charged_for_itself_alone() -> None:
    times = timeline(0, 1, 2, 5, 6, 8, 10, 11, 15)
    times.open("optimizer")
    times.open("forward")
    times.close()
    times.open("backward")
    times.close()
    times.close()
    times.open("forward")
    stretch = times.cut()
    assert own_times(stretch) == {"other": 2, "optimizer": 4, "forward": 7, "backward": 2}
    assert sum(own_times(stretch).values()) == 15


def test_a_part_that_was_cut_is_closed_without_harm() -> None:
    times = timeline(0, 1, 3, 4, 6)
    times.open("validation")
    assert own_times(times.cut()) == {"other": 1, "validation": 2}
    times.close()
    assert own_times(times.cut()) == {"other": 3}


def test_moments_may_be_anything_that_can_be_compared_later() -> None:
    asked: list[tuple[str, str]] = []

    def seconds(begin: str, end: str) -> float:
        asked.append((begin, end))
        return 1.5

    def moments() -> Iterator[str]:
        yield from "abcd"

    times = Timeline(moments().__next__)
    times.open("forward")
    times.close()
    stretch = times.cut()
    assert asked == []
    assert own_times(stretch, seconds) == {"other": 3.0, "forward": 1.5}
    assert asked == [("a", "b"), ("b", "c"), ("c", "d")]


def test_it_measures_seconds() -> None:
    times = Timeline()
    times.open("forward")
    times.close()
    found = own_times(times.cut())
    assert found["forward"] == pytest.approx(0, abs=1)
    assert min(found.values()) >= 0
