"""Which ends of a step, a validation or an epoch a fit is at, as a checkpoint has it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytorch_lightning as pl

from lightning_kit.compat.scores import is_apart

log = logging.getLogger(__name__)

Hook = Literal["step", "validation", "epoch"]


def hooks_under_way(trainer: pl.Trainer) -> dict[Hook, tuple[int, ...]]:
    """Return the end hooks of training and validation that are running, inner ones first.

    The hooks are ``on_train_batch_end``, those of a validation's end and ``on_train_epoch_end``. A
    fit that is resumed from a checkpoint saved within one does not come to it again, and at its
    ``on_train_start`` is still within a step's. The numbers tell one time from the next, also after
    a resume.
    """
    loop: Any = trainer.fit_loop.epoch_loop
    progress: list[Any] = [
        getattr(trainer.fit_loop, "epoch_progress", None),
        getattr(loop, "batch_progress", None),
        getattr(getattr(loop, "val_loop", None), "batch_progress", None),
    ]
    if any(each is None for each in progress):
        log.warning("no hook is known to be under way: this Lightning keeps its counts elsewhere")
        return {}
    epoch, batch, val = progress
    numbers = (epoch.total.ready, batch.total.ready)
    found: dict[Hook, tuple[int, ...]] = {}
    seen = val.current
    if (
        trainer.validating
        and not is_apart(trainer)
        and val.is_last_batch
        and seen.completed == seen.ready > 0
    ):
        found["validation"] = (*numbers, val.total.ready)
    now = batch.current
    # A batch that was left out is not started, one that broke off not processed.
    if now.completed < now.processed == now.started == now.ready:
        found["step"] = numbers
    if epoch.current.completed < epoch.current.processed:
        found["epoch"] = numbers
    return found


@contextmanager
def as_within(trainer: pl.Trainer, hook: Hook, epoch: int) -> Iterator[None]:
    """Let a fit that was resumed count epochs as within ``hook`` of ``epoch``, from 0."""
    progress: Any = trainer.fit_loop.epoch_progress
    trackers = (progress.current, progress.total)
    kept = [(each.processed, each.completed) for each in trackers]
    if progress.current.completed > epoch or hook == "epoch":
        for each in trackers:
            # Lightning 2.6.6 counts the last batch's epoch as over, and an epoch at its end too.
            each.processed = each.ready if hook == "epoch" else each.ready - 1
            each.completed = each.ready - 1
    try:
        yield
    finally:
        for each, (processed, completed) in zip(trackers, kept, strict=True):
            each.processed, each.completed = processed, completed
