"""The same events in the same order with the same counts as Ignite's, filter by filter."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from ignite.engine import Events as IgniteEvents
from programs.traced import QUIET, Traced, loader, stream

from lightning_kit.callbacks import EventHandlers, Events, end_epoch
from lightning_kit.runs.stopping import stop

Note = tuple[str, int]
SHARED = [
    "STARTED", "EPOCH_STARTED", "GET_BATCH_STARTED", "GET_BATCH_COMPLETED", "ITERATION_STARTED",
    "ITERATION_COMPLETED", "EPOCH_COMPLETED", "TERMINATE", "COMPLETED",
]  # fmt: skip
EPOCHS, BATCHES = 3, 6


def of_ignite(
    conditions: Callable[[str], dict[str, Any] | None],
    act: Callable[[Engine, str, int], None] | None = None,
    epochs: int = EPOCHS,
    state: dict[str, int] | None = None,
    data: Any = None,
) -> tuple[list[Note], Engine]:
    engine = Engine(lambda engine, batch: None)
    noted: list[Note] = []

    def listen(name: str, event: Any) -> None:
        def note(engine: Engine) -> None:
            # Ignite keeps no count of a stop.
            count = engine.state.get_event_attrib_value(
                IgniteEvents.COMPLETED if name == "TERMINATE" else event
            )
            noted.append((name.lower(), count))
            if act is not None:
                act(engine, name, count)

        engine.add_event_handler(event, note)

    for name in SHARED:
        given = conditions(name)
        if given is not None:
            event = getattr(IgniteEvents, name)
            listen(name, event(**given) if given else event)
    if state is not None:
        engine.load_state_dict(state)
    engine.run(loader() if data is None else data, max_epochs=epochs)
    return noted, engine


def of_kit(
    conditions: Callable[[str], dict[str, Any] | None],
    act: Callable[[pl.Trainer, str, int], None] | None = None,
    epochs: int = EPOCHS,
    ckpt_path: Path | None = None,
    data: Any = None,
    also: tuple[str, ...] = (),
    **settings: Any,
) -> tuple[list[Note], pl.Trainer]:
    events = EventHandlers()
    noted: list[Note] = []

    def listen(name: str, event: Any) -> None:
        def note(trainer: pl.Trainer) -> None:
            count = counts(trainer, name)
            noted.append((name.lower(), count))
            if act is not None:
                act(trainer, name, count)

        events.add_event_handler(event, note)

    for name in (*SHARED, *also):
        given = conditions(name)
        if given is not None:
            listen(name, Events[name](**given) if given else Events[name])
    trainer = pl.Trainer(**{**QUIET, **settings}, max_epochs=epochs, callbacks=[events])
    data = loader() if data is None else data
    trainer.fit(Traced(), data, loader(4), ckpt_path=ckpt_path)
    return noted, trainer


def counts(trainer: pl.Trainer, name: str) -> int:
    """Return the count as Ignite's engine keeps it: the batch that is fetched is not yet one."""
    iteration = trainer.fit_loop.total_batch_idx + 1
    if name in ("STARTED", "COMPLETED", "TERMINATE"):
        epochs = trainer.fit_loop.epoch_progress.current.ready
        return int(epochs if name != "STARTED" else trainer.current_epoch)
    return trainer.current_epoch + 1 if "EPOCH" in name or "VALIDATION" in name else iteration


def always(name: str) -> dict[str, Any]:
    return {}


def test_every_event_in_order() -> None:
    ours, _ = of_kit(always)
    theirs, _ = of_ignite(always)
    assert ours == theirs
    assert len(ours) == 2 + EPOCHS * (2 + 4 * BATCHES)


def test_accumulation_does_not_change_what_an_iteration_is() -> None:
    ours, _ = of_kit(always, accumulate_grad_batches=4)
    assert ours == of_ignite(always)[0]


def random_conditions(seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    after = chance.choice([None, *range(8)])
    low = (after or 0) + 2
    return chance.choice(
        [
            {"every": chance.randint(1, 7)},
            {"once": chance.randint(1, 18)},
            {"once": sorted(chance.sample(range(1, 19), 3))},
            {"before": chance.randint(low, 20)},
            {"after": chance.randint(0, 18)},
            {"every": chance.randint(1, 7), "before": chance.randint(low, 20), "after": after or 0},
            {"every": chance.randint(2, 5), "before": chance.randint(low, 20)},
            {"every": chance.randint(2, 5), "after": chance.randint(0, 9)},
        ]
    )


# Many filters in one fit, for a fit costs more than its events.
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "name", ["ITERATION_STARTED", "ITERATION_COMPLETED", "EPOCH_STARTED", "EPOCH_COMPLETED"]
)
def test_every_kind_of_filter(name: str, seed: int) -> None:
    filters = [random_conditions(200 * seed + i) for i in range(200)]
    ours: list[tuple[int, int]] = []
    theirs: list[tuple[int, int]] = []
    events, engine = EventHandlers(), Engine(lambda engine, batch: None)
    for i, conditions in enumerate(filters):

        def our(trainer: pl.Trainer, i: int) -> None:
            ours.append((i, counts(trainer, name)))

        def their(engine: Engine, i: int) -> None:
            is_epoch = name.startswith("EPOCH")
            theirs.append((i, engine.state.epoch if is_epoch else engine.state.iteration))

        events.add_event_handler(Events[name](**conditions), our, i)
        engine.add_event_handler(getattr(IgniteEvents, name)(**conditions), their, i)
    pl.Trainer(**QUIET, max_epochs=3, callbacks=[events]).fit(Traced(), loader(), loader(4))
    engine.run(loader(), max_epochs=3)
    assert ours == theirs
    assert len({i for i, _ in ours}) > 80, "filters that never match would prove nothing"


def test_several_events_joined_and_doubled() -> None:
    def program(events: Any, add: Callable[..., Any]) -> list[str]:
        said: list[str] = []
        joined = events.STARTED | events.EPOCH_COMPLETED(every=2) | events.EPOCH_COMPLETED(every=2)
        add(joined, lambda *_: said.append("joined"))
        add(events.EPOCH_COMPLETED | events.COMPLETED, lambda *_: said.append("both"))
        return said

    handlers = EventHandlers()
    ours = program(Events, handlers.add_event_handler)
    pl.Trainer(**QUIET, max_epochs=3, callbacks=[handlers]).fit(Traced(), loader(), loader(4))
    engine = Engine(lambda engine, batch: None)
    theirs = program(IgniteEvents, engine.add_event_handler)
    engine.run(loader(), max_epochs=3)
    assert ours == theirs == ["joined", "both", "joined", "joined", "both", "both", "both"]


def test_a_stop_at_the_end_of_an_epoch() -> None:
    def at(name: str, count: int) -> bool:
        return name == "EPOCH_COMPLETED" and count == 2

    ours, _ = of_kit(always, lambda trainer, *now: stop(trainer, "x") if at(*now) else None)
    theirs, _ = of_ignite(always, lambda engine, *now: engine.terminate() if at(*now) else None)
    assert ours == theirs
    assert ours[-3:] == [("epoch_completed", 2), ("terminate", 2), ("completed", 2)]


@pytest.mark.parametrize("iteration", [1, 4, 8, 12])
def test_the_end_of_an_epoch_after_an_iteration(iteration: int) -> None:
    def at(name: str, count: int) -> bool:
        return name == "ITERATION_COMPLETED" and count == iteration

    ours, _ = of_kit(always, lambda trainer, *now: end_epoch(trainer) if at(*now) else None)
    theirs, _ = of_ignite(
        always, lambda engine, *now: engine.terminate_epoch() if at(*now) else None
    )
    assert ours == theirs


def test_a_run_that_goes_on_from_an_epochs_end(tmp_path: Path) -> None:
    first, trainer = of_kit(always, epochs=2)
    trainer.save_checkpoint(tmp_path / "two.ckpt")
    ours, _ = of_kit(always, epochs=4, ckpt_path=tmp_path / "two.ckpt")
    begun, engine = of_ignite(always, epochs=2)
    theirs, _ = of_ignite(always, epochs=4, state=engine.state_dict())
    assert first == begun
    assert ours == theirs
    assert ours[1:3] == [("epoch_started", 3), ("get_batch_started", 12)]


def test_difference_a_stop_in_mid_epoch_validates_and_completes_the_epoch() -> None:
    def at(name: str, count: int) -> bool:
        return name == "ITERATION_COMPLETED" and count == 8

    ours, _ = of_kit(
        always,
        lambda trainer, *now: stop(trainer, "x") if at(*now) else None,
        also=("VALIDATION_COMPLETED",),
    )
    theirs, _ = of_ignite(always, lambda engine, *now: engine.terminate() if at(*now) else None)
    last = [("iteration_completed", 8)]
    end = [("terminate", 2), ("completed", 2)]
    assert theirs[-3:] == [*last, *end]
    assert ours[-5:] == [*last, ("validation_completed", 2), ("epoch_completed", 2), *end]
    assert [n for n in ours if n[0] != "validation_completed"][:-3] == theirs[:-2]


def test_difference_asked_before_an_iteration_it_still_runs() -> None:
    def at(name: str, count: int) -> bool:
        return name == "ITERATION_STARTED" and count == 2

    ours, _ = of_kit(
        always, lambda trainer, *now: end_epoch(trainer) if at(*now) else None, epochs=1
    )
    theirs, _ = of_ignite(
        always, lambda engine, *now: engine.terminate_epoch() if at(*now) else None, epochs=1
    )
    assert theirs[-3:] == [("iteration_started", 2), ("epoch_completed", 1), ("completed", 1)]
    end = [("iteration_completed", 2), ("epoch_completed", 1), ("completed", 1)]
    assert ours[-4:] == [("iteration_started", 2), *end]


def test_difference_get_batch_counts_the_batch_that_is_fetched() -> None:
    said: list[int] = []
    events = EventHandlers()
    fetched = Events.GET_BATCH_STARTED(once=4) | Events.GET_BATCH_COMPLETED(once=4)

    @events.on(fetched)
    def before(trainer: pl.Trainer) -> None:
        said.append(trainer.fit_loop.total_batch_idx + 1)

    pl.Trainer(**QUIET, max_epochs=1, callbacks=[events]).fit(Traced(), loader(), loader(4))
    assert said == [3, 3], "the fourth batch, between the third iteration and the fourth"

    engine = Engine(lambda engine, batch: None)
    theirs: list[int] = []
    once = IgniteEvents.GET_BATCH_STARTED(once=4)
    engine.add_event_handler(once, lambda e: theirs.append(e.state.iteration))
    engine.run(loader(), max_epochs=1)
    assert theirs == [4], "before the fifth"


def test_difference_a_loader_without_length_is_asked_one_batch_ahead() -> None:
    def fetches(name: str) -> dict[str, Any] | None:
        return {} if "GET_BATCH" in name or "ITERATION" in name else None

    ours, _ = of_kit(fetches, epochs=1, data=stream(8))
    theirs, _ = of_ignite(fetches, epochs=1, data=stream(8))
    assert theirs[:4] == [
        ("get_batch_started", 0), ("get_batch_completed", 0),
        ("iteration_started", 1), ("iteration_completed", 1),
    ]  # fmt: skip
    assert ours == [
        # The first was fetched before training started, the second now.
        ("get_batch_started", 0), ("get_batch_completed", 0),
        ("iteration_started", 1), ("iteration_completed", 1),
        # There is no third.
        ("get_batch_started", 1),
        ("iteration_started", 2), ("iteration_completed", 2),
    ]  # fmt: skip


def test_difference_every_handler_of_an_exception_runs_and_training_does_not_go_on() -> None:
    class Cursed(Traced):
        def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            raise RuntimeError("cursed")

    def program(add: Callable[..., Any], events: Any) -> list[str]:
        said: list[str] = []

        def fail(*_: Any) -> None:
            said.append("first")
            raise ValueError("handler")

        add(events.EXCEPTION_RAISED, fail)
        add(events.EXCEPTION_RAISED, lambda *_: said.append("second"))
        return said

    handlers = EventHandlers()
    ours = program(handlers.add_event_handler, Events)
    with pytest.raises(RuntimeError, match="cursed"):
        pl.Trainer(**QUIET, max_epochs=1, callbacks=[handlers]).fit(Cursed(), loader(), loader())
    assert ours == ["first", "second"]

    def step(engine: Engine, batch: Any) -> None:
        raise RuntimeError("cursed")

    engine = Engine(step)
    theirs = program(engine.add_event_handler, IgniteEvents)
    with pytest.raises(ValueError, match="handler"):
        engine.run(loader())
    assert "second" not in theirs

    swallowed = Engine(step)
    completed: list[int] = []
    swallowed.add_event_handler(IgniteEvents.EXCEPTION_RAISED, lambda *_: None)
    swallowed.add_event_handler(IgniteEvents.COMPLETED, lambda e: completed.append(e.state.epoch))
    swallowed.run(loader(), max_epochs=2)
    assert completed == [2]
