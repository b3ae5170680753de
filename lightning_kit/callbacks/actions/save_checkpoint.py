"""Save a checkpoint now."""

import os
from pathlib import Path
from string import Formatter
from typing import final

import pytorch_lightning as pl

from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.whole_file import save_whole
from lightning_kit.callbacks.writable import below_root, is_local, path_of, place

FIELDS = {"epoch", "iteration"}


@final
class SaveCheckpoint:
    """Save a checkpoint to a file of a name; what is there already is replaced once it is whole.

    Args:
        path: Name, with ``{epoch}`` and ``{iteration}``, both from 1, where wanted. A relative one
            is below ``trainer.default_root_dir``, in a run of the kit the run's directory.
        weights_only: Whether to leave out what a resume needs: optimizers, schedules, callbacks.

    Raises:
        ValueError: If the name is no text, is empty, has another field or cannot be written (a
            relative one: when the fit of an ``OnEvent`` or ``EventHandlers`` starts).

    Example:
        >>> save = SaveCheckpoint("checkpoints/{iteration:06d}.ckpt")
    """

    def __init__(self, path: str, weights_only: bool = False) -> None:
        path = os.fspath(path) if isinstance(path, os.PathLike) else path
        try:
            unknown = {name for _, name, _, _ in Formatter().parse(path) if name is not None}
            path.format(epoch=1, iteration=1)
        except (ValueError, LookupError, TypeError, AttributeError):
            unknown = {"?"}
        if unknown - FIELDS or not path:
            raise ValueError(
                "path must be a name, with {epoch} and {iteration} as only fields, as in "
                f"'checkpoints/{{epoch}}.ckpt', got {path!r}"
            )
        self.path = path
        self.weights_only = weights_only
        self._root: str | None = None
        path_of("path", self._first(), is_file=True)

    def find_place(self, trainer: pl.Trainer) -> None:
        """Refuse a name that cannot be written, before the fit; call it on all ranks."""
        place(trainer, "path", self._first(), is_file=True)
        self._root = below_root(trainer, "")

    def __call__(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if getattr(trainer, "fast_dev_run", False):
            return
        name = self.path.format(epoch=trainer.current_epoch + 1, iteration=iteration(trainer))
        root = trainer.default_root_dir if self._root is None else self._root
        path = os.path.join(root, name) if is_local(name) else name
        if trainer.is_global_zero and is_local(path):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        save_whole(trainer, path, lambda part: trainer.save_checkpoint(part, self.weights_only))

    def _first(self) -> str:
        return self.path.format(epoch=1, iteration=1)
