"""Programs of Ignite's documentation that steer a run: own events, stops, NaN, exceptions."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, EventEnum
from ignite.engine import Events as IgniteEvents
from ignite.handlers import TerminateOnNan
from programs.supervised import Fit, Reference, same
from programs.traced import Traced, loader
from torch import Tensor
from torch.utils.data import DataLoader

from lightning_kit.callbacks import EventHandlers, Events, OnEvent, TerminateOnNonFinite, fire
from lightning_kit.callbacks.actions import StopTraining
from lightning_kit.runs.stopping import stop_reason

Trace = list[tuple[str, int]]


class BackpropEvents(EventEnum):
    """As in the documentation of Ignite's ``EventEnum``."""

    BACKWARD_STARTED = "backward_started"
    BACKWARD_COMPLETED = "backward_completed"
    OPTIM_STEP_COMPLETED = "optim_step_completed"


def test_events_around_backward_and_step() -> None:
    theirs, seen = Reference(), Trace()

    def update(engine: Engine, batch: Any) -> float:
        theirs.optimizer.zero_grad()
        loss = theirs.module.loss(batch)
        engine.fire_event(BackpropEvents.BACKWARD_STARTED)
        loss.backward()  # type: ignore[no-untyped-call]
        engine.fire_event(BackpropEvents.BACKWARD_COMPLETED)
        theirs.optimizer.step()
        engine.fire_event(BackpropEvents.OPTIM_STEP_COMPLETED)
        return loss.item()

    theirs.engine = Engine(update)
    theirs.engine.register_events(*BackpropEvents)
    for event in (
        IgniteEvents.ITERATION_STARTED,
        *BackpropEvents,
        IgniteEvents.ITERATION_COMPLETED,
    ):
        theirs.engine.add_event_handler(
            event,
            lambda engine, name: seen.append((name, engine.state.iteration)),
            event.value.replace("optim_", "optimizer_"),
        )
    theirs.engine.add_event_handler(IgniteEvents.ITERATION_COMPLETED, theirs.record)
    events, found = EventHandlers(), Trace()
    for mine in (
        Events.ITERATION_STARTED,
        Events.BACKWARD_STARTED,
        Events.BACKWARD_COMPLETED,
        Events.OPTIMIZER_STEP_COMPLETED,
        Events.ITERATION_COMPLETED,
    ):

        def tell(trainer: pl.Trainer, pl_module: pl.LightningModule, name: str) -> None:
            found.append((name, trainer.fit_loop.total_batch_idx + 1))

        events.add_event_handler(mine, tell, mine.value)
    same(Fit(events).run(), theirs.run())
    assert found == seen
    assert len(seen) == 5 * 18


class LowLossEvents(EventEnum):
    LOW_LOSS = "low_loss"


class Firing(Traced):
    """Says itself when its loss is low."""

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss = super().training_step(batch, batch_idx)
        if loss < 0.5:
            fire(self.trainer, "low_loss")
        return loss


def test_an_event_of_ones_own_with_a_filter() -> None:
    theirs = Reference()
    seen: list[int] = []

    def update(engine: Engine, batch: Any) -> float:
        loss = theirs.update(engine, batch)
        if loss < 0.5:
            # A filter of Ignite's reads a count that the program keeps itself.
            state: Any = engine.state
            state.low_losses += 1
            engine.fire_event(LowLossEvents.LOW_LOSS)
        return loss

    theirs.engine = Engine(update)
    theirs.engine.register_events(
        *LowLossEvents, event_to_attr={LowLossEvents.LOW_LOSS: "low_losses"}
    )
    theirs.engine.add_event_handler(
        LowLossEvents.LOW_LOSS(every=3), lambda engine: seen.append(engine.state.iteration)
    )
    theirs.engine.add_event_handler(IgniteEvents.ITERATION_COMPLETED, theirs.record)
    theirs.run()

    found: list[int] = []

    def note(trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        found.append(trainer.fit_loop.total_batch_idx + 1)

    same(Fit(OnEvent(note, "own:low_loss", every=3), module=Firing()).run(), theirs)
    assert found == seen
    assert len(seen) >= 2


class Order(pl.Callback):
    """What comes after the last iteration."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_train_batch_end(self, *args: Any) -> None:
        self.seen.clear()

    def on_validation_end(self, *args: Any) -> None:
        self.seen.append("validated")

    def on_train_epoch_end(self, *args: Any) -> None:
        self.seen.append("epoch completed")


def test_a_stop_in_mid_epoch_validates_and_completes_the_epoch_which_ignites_does_not() -> None:
    theirs, seen = Reference(), list[str]()
    theirs.engine.add_event_handler(
        IgniteEvents.ITERATION_COMPLETED(once=9), lambda engine: engine.terminate()
    )
    theirs.engine.add_event_handler(
        IgniteEvents.EPOCH_COMPLETED, lambda engine: seen.append(f"epoch {engine.state.epoch}")
    )
    order = Order()
    mine = Fit(OnEvent(StopTraining("nine are enough"), "iteration_completed", once=9), order)
    same(mine.run(), theirs.run())
    assert len(theirs.losses) == 9
    assert stop_reason(mine.trainer) == "nine are enough"
    assert seen == ["epoch 1"]
    assert order.seen == ["validated", "epoch completed"]


def poisoned() -> list[Any]:
    batches = list(loader())
    batches[2] = [batches[2][0] * torch.nan, batches[2][1]]
    return batches


def test_nan_ends_both_after_one_iteration_with_weights_poisoned_by_ignite_and_kept_by_the_kit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    theirs = Reference()
    theirs.engine.add_event_handler(IgniteEvents.ITERATION_COMPLETED, TerminateOnNan())
    theirs.run(batches=poisoned())
    mine = Fit(TerminateOnNonFinite()).run(DataLoader(poisoned(), batch_size=None))  # type: ignore[arg-type]
    assert len(mine.losses) == len(theirs.losses) == 3
    assert mine.losses[:2] == theirs.losses[:2]
    assert theirs.module.net.weight.isnan().all()
    good = Reference().run(epochs=1, batches=poisoned()[:2])
    torch.testing.assert_close(mine.module.net.weight, good.module.net.weight, rtol=0, atol=0)
    assert stop_reason(mine.trainer) is not None


class Cursed(Traced):
    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        if self.trainer.fit_loop.total_batch_idx + 1 == 8:
            raise ZeroDivisionError("the batch is cursed")
        return super().training_step(batch, batch_idx)


def cursed_engine() -> Reference:
    theirs = Reference()

    def update(engine: Engine, batch: Any) -> float:
        if engine.state.iteration == 8:
            raise ZeroDivisionError("the batch is cursed")
        return theirs.update(engine, batch)

    theirs.engine = Engine(update)
    theirs.engine.add_event_handler(IgniteEvents.ITERATION_COMPLETED, theirs.record)
    return theirs


def test_a_handler_that_raises_again_is_called_twice_by_ignite_and_once_by_the_kit() -> None:
    theirs, seen = cursed_engine(), list[tuple[int, str]]()

    @theirs.engine.on(IgniteEvents.EXCEPTION_RAISED)
    def handle(engine: Engine, exception: BaseException) -> None:
        seen.append((engine.state.iteration, str(exception)))
        raise exception

    with pytest.raises(ZeroDivisionError, match="the batch is cursed"):
        theirs.run()

    events, found = EventHandlers(), list[tuple[int, str]]()

    @events.on(Events.EXCEPTION_RAISED)
    def also(trainer: pl.Trainer, pl_module: Any, exception: BaseException) -> None:
        found.append((trainer.fit_loop.total_batch_idx + 1, str(exception)))

    mine = Fit(events, module=Cursed())
    with pytest.raises(ZeroDivisionError, match="the batch is cursed"):
        mine.run()
    assert found == [(8, "the batch is cursed")]
    # Once where the loop catches it, and once more where the run does.
    assert seen == found * 2
    same(mine, theirs)


def test_a_handler_that_does_not_raise_swallows_the_exception_in_ignite_alone() -> None:
    theirs = cursed_engine()
    theirs.engine.add_event_handler(IgniteEvents.EXCEPTION_RAISED, lambda engine, exception: None)
    theirs.run()
    assert theirs.engine.state.epoch == 3, "the rest of the epoch is dropped, and training goes on"
    assert len(theirs.losses) == 7 + 6

    events, seen = EventHandlers(), list[str]()
    for name in ("first", "second"):
        events.add_event_handler(
            Events.EXCEPTION_RAISED, lambda *args, name: seen.append(name), name=name
        )
    with pytest.raises(ZeroDivisionError, match="the batch is cursed"):
        Fit(events, module=Cursed()).run()
    assert seen == ["first", "second"]
