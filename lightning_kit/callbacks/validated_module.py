"""Find the weights that a validation within a fit scores."""

import pytorch_lightning as pl
from pytorch_lightning.callbacks import WeightAveraging
from torch import nn

from lightning_kit.callbacks.ema import EMA
from lightning_kit.compat import average_of, callbacks_of


def validated_module(trainer: pl.Trainer) -> nn.Module:
    """Return the module whose weights validation scores: the average where a callback swaps it in.

    Call it outside a validation's epoch, while the trainer's module has the weights that train.
    """
    for callback in callbacks_of(trainer):
        if not isinstance(callback, WeightAveraging):
            continue
        average = average_of(callback)
        # Lightning's own has no choice.
        shown = not isinstance(callback, EMA) or callback.shows_average(callback.validate_with)
        if average is not None and shown:
            return average
    return trainer.lightning_module
