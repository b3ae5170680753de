"""The loss of a training batch, from what ``on_train_batch_end`` is given."""

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
from torch import Tensor


def step_loss(trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any) -> Tensor | None:
    """Return the loss that ``training_step`` returned, detached, on its device; None without one.

    Under automatic optimization Lightning divides the loss by ``accumulate_grad_batches`` before
    callbacks see it; this undoes it, to the last bit or two where that is no power of two.

    Args:
        trainer: The Trainer, within a fit.
        pl_module: Its module.
        outputs: What ``on_train_batch_end`` is given.
    """
    loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
    if not isinstance(loss, Tensor):
        return None
    loss = loss.detach()
    batches = trainer.accumulate_grad_batches
    if batches == 1 or not pl_module.automatic_optimization:
        return loss
    return loss * batches
