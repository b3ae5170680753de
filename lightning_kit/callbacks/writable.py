"""Find a folder that cannot be written to before a run has spent an epoch."""

import os
import tempfile
from pathlib import Path

import pytorch_lightning as pl
from lightning_fabric.utilities.cloud_io import _is_local_file_protocol


def refuse_unwritable(trainer: pl.Trainer, folder: str) -> None:
    """Raise ValueError on all ranks where rank 0 could not write into ``folder``.

    Nothing is made: the nearest folder above that exists is tried with a file that has no name.
    """
    reason = _reason(Path(folder)) if trainer.is_global_zero else None
    if not _is_local_file_protocol(folder):
        reason = None
    if (reason := trainer.strategy.broadcast(reason)) is not None:
        raise ValueError(
            f"dirpath must be a folder that can be written to, got {folder}: {reason}; name "
            "another dirpath, or another trainer.default_root_dir"
        )


def _reason(folder: Path) -> str | None:
    there = next(each for each in (folder, *folder.absolute().parents) if os.path.lexists(each))
    if not there.is_dir():
        return f"{there} is no folder"
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        return f"{there}: {error.strerror}"
    return None
