"""Events are narrowed by calling them and joined with a bar."""

import pytest

from lightning_kit.callbacks.events import NAMES, Events, EventsList, FilteredEvent, each
from lightning_kit.meters import EventFilter


def test_an_event_is_its_name() -> None:
    assert str(Events.ITERATION_COMPLETED) == "iteration_completed"
    assert "optimizer_step_completed" in NAMES
    assert len(NAMES) == 17


def test_calling_an_event_narrows_it() -> None:
    narrowed = Events.EPOCH_STARTED(every=5, before=25, after=8)
    assert narrowed == FilteredEvent("epoch_started", EventFilter(every=5, before=25, after=8))
    assert [n for n in range(30) if narrowed.filter.matches(n)] == [9, 14, 19, 24]


def test_joined_events_keep_order_and_duplicates() -> None:
    once = Events.STARTED(once=1)
    joined = once | Events.COMPLETED | once
    assert [one.name for one in joined] == ["started", "completed", "started"]
    assert Events.STARTED | Events.COMPLETED | joined == EventsList(
        (*each(Events.STARTED), *each(Events.COMPLETED), *joined)
    )
    assert [one.name for one in Events.STARTED | "mine"] == ["started", "mine"]


def test_a_description_reads_as_it_was_written() -> None:
    joined = Events.ITERATION_STARTED(every=3, after=2) | Events.COMPLETED | FilteredEvent("mine")
    assert repr(joined) == "Events.ITERATION_STARTED(every=3, after=2) | Events.COMPLETED | 'mine'"


def test_impossible_conditions_and_things_that_are_no_event() -> None:
    with pytest.raises(ValueError, match="every must be"):
        Events.STARTED(every=0)
    with pytest.raises(ValueError, match="event must be of Events.*got 3"):
        Events.STARTED | 3  # type: ignore[operator]
