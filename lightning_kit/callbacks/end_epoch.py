"""End an epoch before its loader does."""

from typing import final

import pytorch_lightning as pl
from pytorch_lightning.trainer.states import TrainerFn

from lightning_kit.callbacks.epoch_cut import EpochCut
from lightning_kit.callbacks.event_listener import EventListener
from lightning_kit.callbacks.event_names import listened
from lightning_kit.callbacks.events import Events
from lightning_kit.compat import EpochLoop
from lightning_kit.meters import EventFilter


def end_epoch(trainer: pl.Trainer, validate: bool = True) -> None:
    """End the present epoch and go on with the next; call it on all ranks.

    Asked before an iteration (``on_train_batch_start``, and between two), that batch still runs.
    Asked within one or after it (``on_train_batch_end``), it was the last: an open accumulation
    window is stepped, with its hooks, clipping and schedules, as at the last batch of any epoch.
    The window is averaged over DDP's ranks; where gradients are sharded, ask before the iteration.
    Where the epoch is over anyway, nothing happens.

    Args:
        trainer: A trainer within an epoch of a fit.
        validate: Whether to validate, whatever ``val_check_interval`` and
            ``check_val_every_n_epoch`` say; False: not at all at this end.

    Raises:
        RuntimeError: If no epoch is running, or a window is open under a sharded strategy.
    """
    loop = EpochLoop(trainer)
    if not loop.known:
        return
    place = loop.place
    if trainer.state.fn != TrainerFn.FITTING or place == "outside":
        raise RuntimeError("end_epoch(trainer) needs an epoch that is running: call it within one")
    if place == "over" or (trainer.validating and loop.is_last):
        return
    cut = EpochCut.of(trainer, validate=validate)
    if place == "before":
        cut.before()
    elif place == "after":
        cut.after()


@final
class EndEpoch(EventListener):
    """End epochs early, at the counts that a filter picks; also an action for ``OnEvent``.

    Put it before callbacks that look at the optimizer's steps: where it ends an epoch after an
    iteration, it may add one. What ends when is in :func:`end_epoch`.

    Args:
        filter: When, by the count of ``event``. None: as the action of an ``OnEvent``, which says.
        validate: Whether to validate at the end, whatever the interval settings say.
        event: At what; ``iteration_started`` is before an iteration, which still runs.

    Raises:
        ValueError: If ``event`` is unknown or no epoch is running at it; at setup, if nothing says
            when.

    Example:
        >>> half_epochs = EndEpoch(EventFilter(every=50))
    """

    idle_events = frozenset(
        {
            Events.STARTED,
            Events.EPOCH_COMPLETED,
            Events.TERMINATE,
            Events.COMPLETED,
            Events.EXCEPTION_RAISED,
        }
    )

    def __init__(
        self,
        filter: EventFilter | None = None,
        validate: bool = True,
        event: str = "iteration_completed",
    ) -> None:
        self.filter = EventFilter.given(filter)
        self.validate = validate
        self.event = listened(event)
        if self.event in self.idle_events:
            raise ValueError(f"event of EndEpoch has no effect at {event!r}: no epoch is running")

    def __call__(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        end_epoch(trainer, self.validate)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        super().setup(trainer, pl_module, stage)
        if self.filter is None:
            raise ValueError(
                "filter must say when to end an epoch, got None: give EndEpoch one, such as "
                "{every: 100}, or make it the action of an OnEvent"
            )

    def listens_to(self, event: str) -> bool:
        return event == self.event

    def hear(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        event: str,
        count: int,
        exception: BaseException | None = None,
    ) -> None:
        assert self.filter is not None
        if self.filter.matches(count):
            end_epoch(trainer, self.validate)
