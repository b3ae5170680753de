"""Ask a trainer to stop, and remember why."""

from typing import Any
from weakref import WeakKeyDictionary

import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping, Timer

from lightning_kit.compat import callbacks_of

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


def why_stopped(trainer: pl.Trainer) -> str:
    """Return why a fit that ``trainer.should_stop`` ended was to stop, whoever asked."""
    if (reason := stop_reason(trainer)) is not None:
        return reason
    for callback in trainer.early_stopping_callbacks:
        if isinstance(callback, EarlyStopping) and callback.stopping_reason_message:
            return callback.stopping_reason_message.partition(". Signaling")[0]
    for timer in callbacks_of(trainer):
        left_s = timer.time_remaining() if isinstance(timer, Timer) else None
        if left_s is not None and left_s <= 0:
            return "out of time (max_time)"
    return "trainer.should_stop was set"


def can_stop(trainer: pl.Trainer) -> bool:
    """Say whether ``min_epochs`` and ``min_steps`` are met, so that a stop would end the fit."""
    loop = trainer.fit_loop
    # Lightning declares the tracker's base class.
    progress: Any = loop.epoch_progress.current
    return bool(
        progress.processed >= (loop.min_epochs or 0)
        and trainer.global_step >= (loop.min_steps or 0)
    )


def is_over(trainer: pl.Trainer) -> bool:
    """Say whether a fit has trained and validated all it had to; hooks of its end may be left."""
    # As above.
    epoch: Any = trainer.fit_loop.epoch_progress.current
    if epoch.completed < epoch.ready:
        return False
    return is_out_of_limits(trainer) or (trainer.should_stop and can_stop(trainer))


def is_out_of_limits(trainer: pl.Trainer) -> bool:
    """Say whether ``max_epochs`` or ``max_steps`` is reached."""
    epochs, steps = trainer.max_epochs, trainer.max_steps
    out_of_epochs = epochs is not None and 0 <= epochs <= trainer.current_epoch
    return out_of_epochs or 0 <= steps <= trainer.global_step
