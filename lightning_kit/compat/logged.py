"""The steps at which Lightning logs."""

import logging

import pytorch_lightning as pl

log = logging.getLogger(__name__)


def logs_this_batch(trainer: pl.Trainer) -> bool:
    """Return whether Lightning hands this training batch's values to the loggers.

    It is the same on all ranks, which Lightning's own answer is not: that reads ``should_stop``.
    """
    every = trainer.log_every_n_steps  # type: ignore[attr-defined]
    stepped = getattr(trainer.fit_loop.epoch_loop, "_batches_that_stepped", None)
    if stepped is None:
        log.warning("logging by the count of batches: this Lightning does not count its log steps")
        stepped = trainer.fit_loop.total_batch_idx
    return bool(every) and (stepped + 1) % every == 0


def logged_step(trainer: pl.Trainer) -> int:
    """Return the step under which Lightning logs: batches that ended in an optimizer step."""
    step = getattr(trainer.fit_loop.epoch_loop, "_batches_that_stepped", None)
    return trainer.global_step if step is None else int(step)
