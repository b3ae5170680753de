"""Find a place that cannot be written to before a run has spent an epoch."""

import os
import re
import tempfile
from pathlib import Path
from typing import Protocol, runtime_checkable

import pytorch_lightning as pl

from lightning_kit.compat import global_rank


@runtime_checkable
class Writes(Protocol):
    """An action that writes, and learns of the trainer before the fit."""

    def find_place(self, trainer: pl.Trainer) -> None:
        """Refuse a place that cannot be written to; it is called on all ranks."""


def is_local(path: str) -> bool:
    """Say whether ``path`` is one of this machine's, not of a store such as ``s3://``."""
    protocol = re.match(r"(.*?)(?:::|://)", path)
    return protocol is None or protocol[1] == "file"


def path_of(
    argument: str, given: object, *, is_file: bool = False, needs_local: bool = False
) -> str:
    """Return the path that a constructor was given; what is absolute is tried at once.

    Args:
        argument: Its name.
        given: Text or a ``Path``.
        is_file: Whether it is a file's, in a folder that may be new.
        needs_local: Whether it cannot be one of a remote store.

    Raises:
        ValueError: If it is no path, or nothing could be written there.
    """
    path = os.fspath(given) if isinstance(given, os.PathLike) else given
    if not isinstance(path, str) or not path:
        what = "file" if is_file else "folder"
        raise ValueError(f"{argument} must be the path of a {what}, got {given!r}")
    is_known = os.path.isabs(path) or not is_local(path)
    # The other ranks write nothing, or what they may fail to write.
    if is_known and global_rank() == 0:
        reason = _why_not(path, is_file=is_file, needs_local=needs_local)
        if reason is not None:
            raise ValueError(_refusal(argument, path, reason, is_file=is_file))
    return path


def place(
    trainer: pl.Trainer,
    argument: str,
    path: str,
    *,
    is_file: bool = False,
    needs_local: bool = False,
) -> str:
    """Return ``path`` below ``trainer.default_root_dir``, the same on all ranks; all call it.

    Absolute and remote ones stay what they are.

    Raises:
        ValueError: On all ranks, if rank 0 could not write there.
    """
    path = below_root(trainer, path)
    reason = _why_not(path, is_file=is_file, needs_local=needs_local)
    if (reason := trainer.strategy.broadcast(reason)) is not None:
        said = _refusal(argument, path, reason, is_file=is_file)
        raise ValueError(f"{said}, or another trainer.default_root_dir")
    return path


def below_root(trainer: pl.Trainer, path: str) -> str:
    """Return ``path`` below rank 0's ``default_root_dir``, on all ranks; all call it."""
    # Ranks do not all know the directory of a run.
    joined = os.path.join(trainer.default_root_dir, path) if is_local(path) else path
    found: str = trainer.strategy.broadcast(joined)
    return found


def refuse_unwritable(trainer: pl.Trainer, folder: str, argument: str = "dirpath") -> None:
    """Raise ValueError on all ranks where rank 0 could not write into ``folder``."""
    place(trainer, argument, os.path.abspath(folder) if is_local(folder) else folder)


def _refusal(argument: str, path: str, reason: str, *, is_file: bool) -> str:
    what = "a file" if is_file else "a folder"
    return (
        f"{argument} must be {what} that can be written to, got {path}: {reason}; name "
        f"another {argument}"
    )


def _why_not(path: str, *, is_file: bool, needs_local: bool) -> str | None:
    """Return what keeps ``path`` from being written; nothing is made.

    The nearest folder above that exists is tried with a file that has no name.
    """
    if not is_local(path):
        return "it is no path of this machine" if needs_local else None
    place = Path(path).absolute()
    # Some writers of checkpoints make a folder of a name.
    if is_file and needs_local and place.is_dir():
        return "it is a folder"
    folders = place.parents if is_file else (place, *place.parents)
    there = next(each for each in folders if os.path.lexists(each))
    if not there.is_dir():
        return f"{there} is no folder"
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        return f"{there}: {error.strerror}"
    return None
