"""Score functions as a recipe names them."""

import pytorch_lightning as pl

from lightning_kit.callbacks.last_outputs import last_outputs


def minus_last_loss(trainer: pl.Trainer, pl_module: pl.LightningModule) -> float:
    """The article's ``lambda engine: -engine.state.output``."""
    return -float(last_outputs(trainer)["loss"])
