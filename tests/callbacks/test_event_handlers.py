"""Functions on events, in order, and taken away again."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks.event_handlers import EventHandlers
from lightning_kit.callbacks.events import Events, FilteredEvent
from lightning_kit.callbacks.fire import fire
from lightning_kit.meters import EventFilter


def fit(events: EventHandlers, module: pl.LightningModule | None = None, **settings: Any) -> None:
    trainer = pl.Trainer(**{**QUIET, "max_epochs": 2, **settings}, callbacks=[events])
    trainer.fit(module or Traced(), loader(), loader())


def test_in_the_order_of_adding_with_their_arguments() -> None:
    events = EventHandlers()
    said: list[Any] = []

    @events.on(Events.EPOCH_COMPLETED, "b", end="!")
    def tell(trainer: pl.Trainer, word: str, end: str) -> None:
        said.append(f"{word}{trainer.current_epoch + 1}{end}")

    events.add_event_handler(Events.COMPLETED | Events.EPOCH_COMPLETED(once=2), said.append, "a")
    fit(events)
    assert said == ["b1!", "b2!", "a", "a"]


def test_a_duplicate_is_called_twice() -> None:
    events = EventHandlers()
    said: list[Any] = []
    events.add_event_handler(
        Events.ITERATION_COMPLETED(once=1) | Events.ITERATION_COMPLETED(once=1), said.append, 1
    )
    fit(events)
    assert said == [1, 1]


def test_a_handle_takes_its_handlers_away() -> None:
    events = EventHandlers()
    said: list[Any] = []
    handle = events.add_event_handler(Events.STARTED | Events.EPOCH_STARTED, said.append, "gone")
    handle.remove()
    handle.remove()
    with events.add_event_handler(Events.COMPLETED, said.append, "inside"):
        fit(events)
    fit(events)
    assert said == ["inside"]


def test_a_handler_may_remove_another_while_both_are_due() -> None:
    events = EventHandlers()
    said: list[Any] = []
    events.add_event_handler(Events.STARTED, lambda: second.remove())
    second = events.add_event_handler(Events.STARTED, said.append, "removed")
    events.add_event_handler(Events.STARTED, said.append, "kept")
    fit(events)
    assert said == ["kept"]


def test_removing_by_function() -> None:
    events = EventHandlers()
    said: list[Any] = []

    def tell() -> None:
        said.append("told")

    events.add_event_handler(Events.STARTED | Events.COMPLETED, tell)
    events.remove(tell, Events.STARTED)
    fit(events)
    assert said == ["told"]
    events.remove(tell)
    with pytest.raises(ValueError, match="handler must be one that was added, got .*tell on any"):
        events.remove(tell)


class Swapping(Traced):
    def on_train_epoch_end(self) -> None:
        fire(self.trainer, "swapped")


def test_a_name_of_ones_own_may_be_marked_or_plain() -> None:
    events = EventHandlers()
    said: list[Any] = []
    events.add_event_handler("swapped", said.append, "plain")
    marked = Events.STARTED | FilteredEvent("own:swapped", EventFilter(once=2))
    events.add_event_handler(marked, said.append, "marked")
    fit(events, Swapping())
    assert said == ["marked", "plain", "plain", "marked"]
    events.remove(said.append, "own:swapped")
    assert {one.event.name for one in events.registered} == {"started"}


@pytest.mark.parametrize("name", ["iteration_complete", "COMPLETED", "batch_started"])
def test_a_name_close_to_a_built_in_one_is_refused_unless_it_is_marked(name: str) -> None:
    with pytest.raises(
        ValueError, match="event must be .*did you mean .*if it is your own event, say own:"
    ):
        EventHandlers().on(name)(print)
    EventHandlers().on(f"own:{name}")(print)


def test_names_unlike_the_built_in_ones_are_taken() -> None:
    for name in ("validated", "my_event", "generator_step", "batch_loaded", "epoch"):
        EventHandlers().on(name)(print)


class Cursed(Traced):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        raise RuntimeError("cursed")


def test_every_handler_of_an_exception_runs_and_the_first_exception_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events = EventHandlers()
    said: list[Any] = []

    @events.on(Events.EXCEPTION_RAISED)
    def fail(trainer: pl.Trainer, module: pl.LightningModule, error: BaseException) -> None:
        said.append(str(error))
        raise ValueError("second")

    events.add_event_handler(Events.EXCEPTION_RAISED, said.append, "later")
    with pytest.raises(RuntimeError, match="cursed") as raised:
        fit(events, Cursed())
    assert raised.value.__context__ is None
    assert said == ["cursed", "later"]
    assert "ValueError: second" in caplog.text


def test_a_failing_handler_of_another_event_ends_the_fit() -> None:
    events = EventHandlers()
    said: list[Any] = []
    events.add_event_handler(Events.EPOCH_STARTED(once=2), lambda: 1 / 0)
    events.add_event_handler(Events.EXCEPTION_RAISED | Events.COMPLETED, said.append, "raised")
    with pytest.raises(ZeroDivisionError):
        fit(events)
    assert said == ["raised"]
