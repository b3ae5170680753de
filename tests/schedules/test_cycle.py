"""Where in a train of cycles an event stands."""

import time
from typing import Any

import pytest

from lightning_kit.schedules.cycle import Cycles


def cycles(**changes: Any) -> Cycles:
    settings = {
        "start": 1.0, "end": 0.0, "size": 4,
        "size_mult": 1, "start_mult": 1, "end_mult": 1, "warmup": 0,
    }  # fmt: skip
    return Cycles(**{**settings, **changes})


def test_a_cycle_grows_by_its_ratio_rounded_down() -> None:
    # 3 events, then int(4.5) = 4, then int(6.0) = 6
    found = [cycles(size=3, size_mult=1.5).locate(k) for k in (0, 2, 3, 6, 7, 12)]
    assert [(at.index, at.size) for at in found] == [
        (0, 3), (2, 3), (0, 4), (3, 4), (0, 6), (5, 6),
    ]  # fmt: skip


def test_start_and_end_change_from_cycle_to_cycle() -> None:
    train = cycles(start=8.0, end=-1.0, size=2, start_mult=0.5, end_mult=2)
    found = [train.locate(k) for k in (1, 3, 5)]
    assert [(at.start, at.end, at.next_start) for at in found] == [
        (8.0, -1.0, 4.0), (4.0, -2.0, 2.0), (2.0, -4.0, 1.0),
    ]  # fmt: skip


def test_after_a_cycle_the_warmup_leads_to_the_next_start() -> None:
    train = cycles(start=8.0, end=0.0, size=2, start_mult=0.5, warmup=4)
    # from 0 to the next start, 4, in four events
    assert [train.locate(k).warmed(99.0) for k in range(7)] == [99.0, 99.0, 0, 1, 2, 3, 99.0]


@pytest.mark.parametrize("size_mult", [1, 0.5, 1.1, 1.0001, 2])
def test_a_late_event_is_found_at_once(size_mult: float) -> None:
    train = cycles(size=4, size_mult=size_mult, warmup=1)
    started = time.perf_counter()
    for k in range(10**7, 10**7 + 100):
        train.locate(k)
    assert time.perf_counter() - started < 5


def test_a_cycle_that_shrinks_keeps_one_event() -> None:
    found = [cycles(size=4, size_mult=0.5).locate(k) for k in range(9)]
    assert [(at.index, at.size) for at in found] == [
        (0, 4), (1, 4), (2, 4), (3, 4), (0, 2), (1, 2), (0, 1), (0, 1), (0, 1),
    ]  # fmt: skip


def test_skipping_cycles_that_stay_as_they_are_changes_nothing() -> None:
    train = cycles(size=3, size_mult=1.2, start_mult=0.9, end_mult=1.1, end=2.0, warmup=2)
    # int(3 * 1.2) = 3 and int(2 * 1.2) = 2: every cycle has five events
    for k in range(100):
        at = train.locate(k)
        assert (at.index, at.size, at.warmup) == (k % 5, 3, 2)
        assert at.start == pytest.approx(0.9 ** (k // 5))
        assert at.end == pytest.approx(2.0 * 1.1 ** (k // 5))
