"""Go on after a batch that raised, as if it had not been there."""

import contextlib
import traceback

import pytorch_lightning as pl
import torch

from lightning_kit.compat import forget_unscaled


def abandon(trainer: pl.Trainer, pl_module: pl.LightningModule, error: Exception) -> None:
    """Drop all gradients, and put right what the break-off left half done.

    What was half done to weights by an optimizer's step, or to buffers by a forward pass, stays.

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
    traceback.clear_frames(error.__traceback__)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
