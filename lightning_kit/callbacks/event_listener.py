"""Lightning's hooks as events."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, final

import pytorch_lightning as pl
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor
from torch.optim import Optimizer

from lightning_kit.callbacks.aims import Aims
from lightning_kit.callbacks.effects import capture, restore
from lightning_kit.callbacks.event_counts import EventCounts
from lightning_kit.callbacks.events import Events
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.last_outputs import note_outputs
from lightning_kit.callbacks.step_watch import watch_steps
from lightning_kit.callbacks.writable import Writes
from lightning_kit.compat import callbacks_of, mend_resume, refuse_twin, watch_fetches

FETCHES = (Events.GET_BATCH_STARTED, Events.GET_BATCH_COMPLETED)


class EventListener(pl.Callback, ABC):
    """Hear the events of a fit, each with its count; what they mean is in :class:`Events`."""

    _watched: tuple[Callable[[], None], ...] = ()

    @abstractmethod
    def listens_to(self, event: str) -> bool:
        """Return whether ``event`` is heard at all."""

    @abstractmethod
    def hear(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        event: str,
        count: int,
        exception: BaseException | None = None,
    ) -> None:
        """Take one event; ``exception`` comes with ``exception_raised`` alone."""

    def actions(self) -> Iterable[object]:
        """Return what may leave something behind that a resumed run needs."""
        return ()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        for action in self.actions() if stage == "fit" else ():
            if isinstance(action, Writes):
                action.find_place(trainer)

    @final
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)
        # Not earlier: the module may build its parts in its `on_fit_start`, which comes after ours.
        for action in self.actions():
            if isinstance(action, Aims):
                action.find_target(trainer, pl_module)
        restore(EventCounts.of(trainer).effects, self.actions(), trainer, pl_module)
        self._watch(trainer, pl_module)
        self._fired(trainer, pl_module, Events.STARTED)

    @final
    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._epoch(trainer, pl_module, Events.EPOCH_STARTED)

    @final
    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._iteration(trainer, pl_module, Events.ITERATION_STARTED)

    @final
    def on_before_zero_grad(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        self._iteration(trainer, pl_module, Events.ZERO_GRAD_STARTED)

    @final
    def on_before_backward(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor
    ) -> None:
        self._iteration(trainer, pl_module, Events.BACKWARD_STARTED)

    @final
    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._iteration(trainer, pl_module, Events.BACKWARD_COMPLETED)

    @final
    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        self._iteration(trainer, pl_module, Events.OPTIMIZER_STEP_STARTED)

    @final
    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if self._is_first(trainer):
            note_outputs(trainer, pl_module, outputs)
        self._iteration(trainer, pl_module, Events.ITERATION_COMPLETED)

    @final
    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking:
            self._epoch(trainer, pl_module, Events.VALIDATION_STARTED)

    @final
    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking:
            self._epoch(trainer, pl_module, Events.VALIDATION_COMPLETED)

    @final
    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._epoch(trainer, pl_module, Events.EPOCH_COMPLETED)

    @final
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.should_stop:
            self._fired(trainer, pl_module, Events.TERMINATE)
        self._fired(trainer, pl_module, Events.COMPLETED)

    @final
    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._unwatch()
        if trainer.state.fn == TrainerFn.FITTING:
            self._fired(trainer, pl_module, Events.EXCEPTION_RAISED, exception)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._unwatch()

    @final
    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        counts = EventCounts.of(trainer)
        counts.effects.update(capture(self.actions(), trainer, pl_module))
        checkpoint[EventCounts.KEY] = counts.state_dict()

    @final
    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        # A checkpoint that is tested between two fits does not turn the counts back.
        if trainer.state.fn == TrainerFn.FITTING and EventCounts.KEY in checkpoint:
            EventCounts.of(trainer).load_state_dict(checkpoint[EventCounts.KEY])

    def _epoch(self, trainer: pl.Trainer, pl_module: pl.LightningModule, event: str) -> None:
        if self.listens_to(event):
            self.hear(trainer, pl_module, event, trainer.current_epoch + 1)

    def _iteration(self, trainer: pl.Trainer, pl_module: pl.LightningModule, event: str) -> None:
        if self.listens_to(event):
            self.hear(trainer, pl_module, event, iteration(trainer))

    def _fired(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        event: str,
        exception: BaseException | None = None,
    ) -> None:
        counts = EventCounts.of(trainer)
        if self._is_first(trainer):
            counts.add(event)
        if self.listens_to(event):
            self.hear(trainer, pl_module, event, counts.fired[event], exception)

    def _is_first(self, trainer: pl.Trainer) -> bool:
        """Return whether this one counts and notes for all listeners, which come after it."""
        listeners = (c for c in callbacks_of(trainer) if isinstance(c, EventListener))
        return next(listeners, self) is self

    def _watch(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Listen to what Lightning has no hook for."""
        self._unwatch()
        if any(map(self.listens_to, FETCHES)):

            def heard(event: str) -> Callable[[int], None]:
                def hear(count: int) -> None:
                    if self.listens_to(event):
                        self.hear(trainer, pl_module, event, count)

                return hear

            self._watched += (watch_fetches(trainer, *map(heard, FETCHES)),)
        if self.listens_to(Events.OPTIMIZER_STEP_COMPLETED):

            def stepped() -> None:
                self._iteration(trainer, pl_module, Events.OPTIMIZER_STEP_COMPLETED)

            self._watched += (watch_steps(trainer.optimizers, stepped),)

    def _unwatch(self) -> None:
        for stop in self._watched:
            stop()
        self._watched = ()
