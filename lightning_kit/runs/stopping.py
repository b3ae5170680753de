"""Ask a trainer to stop, and remember why."""

from typing import Any
from weakref import WeakKeyDictionary

import pytorch_lightning as pl

_reasons: WeakKeyDictionary[pl.Trainer, str] = WeakKeyDictionary()


def stop(trainer: pl.Trainer, reason: str) -> None:
    """Ask ``trainer`` to end the fit after what it is doing; call it on all ranks.

    Lightning goes on until ``min_epochs`` and ``min_steps`` are met. The first reason is kept.
    """
    if not trainer.should_stop:
        _reasons.pop(trainer, None)
    trainer.should_stop = True
    _reasons.setdefault(trainer, reason)


def stop_reason(trainer: pl.Trainer) -> str | None:
    """Return why ``trainer`` was asked to stop, None if :func:`stop` did not ask."""
    return _reasons.get(trainer) if trainer.should_stop else None


def can_stop(trainer: pl.Trainer) -> bool:
    """Say whether ``min_epochs`` and ``min_steps`` are met, so that a stop would end the fit."""
    loop = trainer.fit_loop
    # Lightning declares the tracker's base class.
    progress: Any = loop.epoch_progress.current
    return bool(
        progress.processed >= (loop.min_epochs or 0)
        and trainer.global_step >= (loop.min_steps or 0)
    )
