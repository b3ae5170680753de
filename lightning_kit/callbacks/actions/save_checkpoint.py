"""Save a checkpoint now."""

from pathlib import Path
from string import Formatter
from typing import final

import pytorch_lightning as pl

from lightning_kit.callbacks.whole_file import save_whole

FIELDS = {"epoch", "iteration"}


@final
class SaveCheckpoint:
    """Save a checkpoint to a file of a name; what is there already is replaced once it is whole.

    Args:
        path: Name, with ``{epoch}`` and ``{iteration}``, both from 1, where wanted. A relative one
            is below ``trainer.default_root_dir``, in a run of the kit the run's directory.
        weights_only: Whether to leave out what a resume needs: optimizers, schedules, callbacks.

    Raises:
        ValueError: If the name is empty or has another field.

    Example:
        >>> save = SaveCheckpoint("checkpoints/{iteration:06d}.ckpt")
    """

    def __init__(self, path: str, weights_only: bool = False) -> None:
        try:
            unknown = {name for _, name, _, _ in Formatter().parse(path) if name is not None}
            path.format(epoch=1, iteration=1)
        except (ValueError, LookupError):
            unknown = {"?"}
        if unknown - FIELDS or not path:
            raise ValueError(
                "path must be a name, with {epoch} and {iteration} as only fields, as in "
                f"'checkpoints/{{epoch}}.ckpt', got {path!r}"
            )
        self.path = path
        self.weights_only = weights_only

    def __call__(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        name = self.path.format(
            epoch=trainer.current_epoch + 1, iteration=trainer.fit_loop.total_batch_idx + 1
        )
        path = name if "://" in name else str(Path(trainer.default_root_dir) / name)
        if trainer.is_global_zero and "://" not in name:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        save_whole(trainer, path, lambda part: trainer.save_checkpoint(part, self.weights_only))
