"""What a checkpoint holds, and how one rank alone saves it."""

import logging
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy

log = logging.getLogger(__name__)


def save_rank_local(trainer: pl.Trainer, path: Path) -> bool:
    """Save a full checkpoint of this rank's, without a collective; return whether it was done.

    Only where every rank holds all there is to save; two ranks need two paths.
    ``Trainer.save_checkpoint`` ends in a barrier, and after an exception the other ranks need not
    come to it (https://github.com/Lightning-AI/pytorch-lightning/issues/20187).
    """
    if type(trainer.strategy) not in (SingleDeviceStrategy, DDPStrategy):
        return False
    dump = getattr(getattr(trainer, "_checkpoint_connector", None), "dump_checkpoint", None)
    if dump is None:
        log.warning("no checkpoint on interruption: this Lightning has no dump_checkpoint")
        return False
    if any(hasattr(each, "consolidate_state_dict") for each in trainer.optimizers):
        # The ranks would have to collect what each holds of the optimizer's state.
        return False
    checkpoint = dump(weights_only=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    trainer.strategy.checkpoint_io.save_checkpoint(checkpoint, path)
    return True


def weights_to_save(trainer: pl.Trainer) -> dict[str, Any]:
    """Return the weights that a weights-only checkpoint would hold now; call it on all ranks."""
    dump = getattr(getattr(trainer, "_checkpoint_connector", None), "dump_checkpoint", None)
    if dump is None:
        log.warning("weights are saved as the module has them: Lightning has no dump_checkpoint")
        return trainer.lightning_module.state_dict()
    found: dict[str, Any] = dump(weights_only=True)["state_dict"]
    return found


def average_of(averaging: WeightAveraging) -> torch.nn.Module | None:
    """Return the module that holds the average, None outside a fit."""
    if not hasattr(averaging, "_average_model"):
        log.warning("the average is not found: this Lightning keeps it elsewhere")
        return None
    held = averaging._average_model
    return None if held is None else held.module
