"""Put a file in its place whole, or leave what was there."""

import os
from collections.abc import Callable
from pathlib import Path

import pytorch_lightning as pl
from lightning_fabric.plugins.io import TorchCheckpointIO
from pytorch_lightning.strategies import Strategy

from lightning_kit.callbacks.writable import is_local

SUFFIX = ".part"


def writes_one_file(trainer: pl.Trainer) -> bool:
    """Return whether rank 0 alone writes a checkpoint of ``trainer``, at once, as one file."""
    strategy = trainer.strategy
    return (
        type(strategy).save_checkpoint is Strategy.save_checkpoint
        and type(strategy.checkpoint_io) is TorchCheckpointIO
    )


def save_whole(trainer: pl.Trainer, path: str, write: Callable[[str], None]) -> None:
    """Call ``write`` with a name beside ``path`` on all ranks, and rename when it is done.

    Lightning's own writer makes the file in the system's temporary folder and moves it. Where that
    is another disk the move is a copy into place, and a full disk or a kill leaves a torn file
    under the checkpoint's name (fsspec/implementations/local.py, ``LocalFileOpener.commit``).
    What is no single local file is written directly.
    """
    if not writes_one_file(trainer) or not is_local(path):
        write(path)
        return
    part = path + SUFFIX
    try:
        write(part)
        if trainer.is_global_zero:
            os.replace(part, path)
    except BaseException:
        if trainer.is_global_zero:
            Path(part).unlink(missing_ok=True)
        raise
    trainer.strategy.barrier("save_whole")
