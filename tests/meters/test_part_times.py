"""Time is added up as a timeline would share it out."""

import random
from typing import Any

import pytest

from lightning_kit.meters import PartTimes, Timeline, own_times


def test_it_is_what_a_timeline_comes_to() -> None:
    dice = random.Random(3)
    moments = [0.0]
    for _ in range(2_000):
        moments.append(moments[-1] + dice.choice([0.25, 1.0, 3.0]))
    mine, theirs = PartTimes(iter(moments).__next__), Timeline(iter(moments).__next__)
    open_parts = 0
    for _ in range(1_900):
        act = dice.choice(["open", "close", "cut"] if open_parts else ["open"])
        if act == "cut":
            assert mine.cut() == own_times(theirs.cut())
            open_parts = 0
        elif act == "open":
            part = dice.choice("abc")
            both(mine, theirs, "open", part)
            open_parts += 1
        else:
            both(mine, theirs, "close")
            open_parts -= 1
    assert mine.cut() == own_times(theirs.cut())


def both(mine: Any, theirs: Any, act: str, *args: str) -> None:
    getattr(mine, act)(*args)
    getattr(theirs, act)(*args)


def test_a_part_that_was_cut_is_closed_without_harm() -> None:
    times = PartTimes(iter([0.0, 1.0, 3.0, 4.0, 6.0]).__next__)
    times.open("validation")
    assert times.cut() == {"other": 1.0, "validation": 2.0}
    times.close()
    assert times.cut() == {"other": 3.0}


def test_it_measures_seconds() -> None:
    times = PartTimes()
    times.open("forward")
    times.close()
    assert times.cut()["forward"] == pytest.approx(0, abs=1)
