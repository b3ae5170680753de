"""Go on after a batch that raised, as if it had not been there."""

import contextlib
import traceback
from typing import Protocol, runtime_checkable

import pytorch_lightning as pl
import torch

from lightning_kit.compat import callbacks_of, forget_unscaled


@runtime_checkable
class HearsOfAbandoned(Protocol):
    """A callback that holds on to what a batch's gradients came of."""

    def on_batch_abandoned(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Forget it; it is called when all gradients have been dropped."""


def abandon(trainer: pl.Trainer, pl_module: pl.LightningModule, error: Exception) -> None:
    """Drop all gradients, and put right what the break-off left half done.

    What was half done to weights by an optimizer's step, or to buffers by a forward pass, stays.
    Callbacks that have an ``on_batch_abandoned`` are told.

    Args:
        trainer: The trainer, inside the batch.
        pl_module: Its module.
        error: What was raised; the variables of its frames are let go, for they hold memory.
    """
    for optimizer in trainer.optimizers:
        optimizer.zero_grad(set_to_none=True)
    if not pl_module.automatic_optimization:
        # Lightning's `toggle_optimizer` is undone only where nothing raises.
        pl_module.untoggle_optimizer(None)  # type: ignore[arg-type]
        with contextlib.suppress(ValueError):
            trainer.profiler.stop("optimizer_step")  # type: ignore[attr-defined]
    forget_unscaled(trainer)
    for callback in callbacks_of(trainer):
        if isinstance(callback, HearsOfAbandoned):
            callback.on_batch_abandoned(trainer, pl_module)
    traceback.clear_frames(error.__traceback__)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
