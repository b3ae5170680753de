"""What an exception does to a run: Ignite's handlers beside the kit's policy."""

from typing import Any

import pytest
import pytorch_lightning as pl
from ignite.engine import Engine, Events
from origin.stock import QUIET
from programs.plain import PlainData
from programs.raising import MyError, Raising

from lightning_kit.callbacks import EventHandlers, ExceptionPolicy, Rule
from lightning_kit.callbacks import Events as KitEvents

MINE = "programs.raising.MyError"
# Two epochs of five batches, of which the third raises.
BAD = 3


def ignite(*handlers: Any) -> Engine:
    def update(engine: Engine, batch: int) -> None:
        if engine.state.iteration == BAD:
            raise MyError("the batch is cursed")

    engine = Engine(update)
    for handler in handlers:
        engine.add_event_handler(Events.EXCEPTION_RAISED, handler)
    return engine


def kit(*rules: Rule, callbacks: Any = ()) -> pl.Trainer:
    policy = ExceptionPolicy(list(rules))
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=[policy, *callbacks])
    trainer.fit(Raising(at=(BAD,)), PlainData())
    return trainer


def heard_by(said: list[str], name: str, *, fails: bool = False) -> EventHandlers:
    events = EventHandlers()

    @events.on(KitEvents.EXCEPTION_RAISED)
    def hear(trainer: pl.Trainer, pl_module: pl.LightningModule, error: BaseException) -> None:
        said.append(f"{name} {type(error).__name__}")
        if fails:
            raise ValueError(name)

    return events


def test_without_a_handler_both_raise() -> None:
    with pytest.raises(MyError):
        ignite().run(range(5), max_epochs=2)
    with pytest.raises(MyError):
        kit()


def test_a_handler_that_raises_it_again_ends_both() -> None:
    said: list[str] = []

    def again(engine: Engine, error: BaseException) -> None:
        said.append(f"first {type(error).__name__}")
        raise error

    with pytest.raises(MyError):
        ignite(again).run(range(5), max_epochs=2)
    with pytest.raises(MyError):
        kit(callbacks=[heard_by(said, "first")])
    # Ignite's runs twice: the epoch's loop and the run's both catch what it raises.
    assert said == ["first MyError"] * (2 + 1)


def test_a_handler_that_terminates_ends_both_without_an_error() -> None:
    engine = ignite(lambda engine, error: engine.terminate())
    engine.run(range(5), max_epochs=2)
    trainer = kit(Rule(MINE, "stop"))
    assert engine.state.iteration == trainer.fit_loop.total_batch_idx + 1 == BAD


def test_difference_one_handler_swallows_the_exception_in_ignite_only() -> None:
    # Ignite leaves the epoch and goes on with the next, as if nothing had been.
    epochs: list[int] = []
    engine = ignite(lambda engine, error: None)
    engine.add_event_handler(
        Events.EPOCH_COMPLETED, lambda engine: epochs.append(engine.state.epoch)
    )
    engine.run(range(5), max_epochs=2)
    assert epochs == [1, 2]
    assert engine.state.iteration == BAD + 5
    said: list[str] = []
    with pytest.raises(MyError):
        kit(callbacks=[heard_by(said, "first")])
    assert said == ["first MyError"]


def test_difference_going_on_is_a_rule_and_loses_one_batch_only() -> None:
    trainer = kit(Rule(MINE, "skip_batch"))
    assert trainer.fit_loop.total_batch_idx + 1 == 10


def test_difference_an_error_in_the_first_handler_keeps_no_other_from_running() -> None:
    said: list[str] = []

    def fails(engine: Engine, error: BaseException) -> None:
        said.append("first")
        raise ValueError("first") from error

    engine = ignite(fails, lambda engine, error: said.append("second"))
    with pytest.raises(ValueError, match="first"):
        engine.run(range(5), max_epochs=2)
    assert said == ["first", "first"], "once for the epoch and once for the run, the second never"

    said.clear()
    first, second = heard_by(said, "first", fails=True), heard_by(said, "second")
    with pytest.raises(MyError):
        kit(callbacks=[first, second])
    assert said == ["first MyError", "second MyError"]
