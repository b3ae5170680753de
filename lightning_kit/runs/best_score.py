"""The best score of a run, as its checkpoint callback keeps it."""

from typing import Any, final

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint
from torch import Tensor


@final
class BestScore:
    """Follow the best checkpoint of a fit.

    Args:
        before: The best of the run that this one goes on with: ``monitor``, ``mode``, ``score``.
    """

    def __init__(self, before: dict[str, Any] | None) -> None:
        self._before = before
        self._noted: tuple[str, Tensor | None] = ("", None)

    def found(self, trainer: pl.Trainer) -> dict[str, Any] | None:
        """Return ``monitor``, ``mode``, ``score`` and ``path`` of a best that is new, else None."""
        checkpoint = _monitored(trainer)
        if checkpoint is None:
            return None
        path = checkpoint.best_model_path
        score = checkpoint.best_k_models.get(path, checkpoint.best_model_score)
        # Each save has a tensor of its own, also of an equal score or under the same file name;
        # looking at which it is costs no sync.
        if path == self._noted[0] and score is self._noted[1]:
            return None
        self._noted = path, score
        if not trainer.is_global_zero or score is None:
            return None
        if not self._is_beaten(checkpoint, float(score)):
            return None
        names = {"monitor": checkpoint.monitor, "mode": checkpoint.mode}
        return {**names, "score": float(score), "path": path}

    def _is_beaten(self, checkpoint: ModelCheckpoint, score: float) -> bool:
        """Compare with the best before a resume, which ModelCheckpoint forgets in a new folder."""
        best = self._before
        if best is None or (best["monitor"], best["mode"]) != (checkpoint.monitor, checkpoint.mode):
            return True
        if score == best["score"]:
            return getattr(checkpoint, "latest_on_tie", False)
        return bool(score < best["score"] if checkpoint.mode == "min" else score > best["score"])


def of_whole_runs(trainer: pl.Trainer) -> list[Checkpoint]:
    """Return the checkpoint callbacks, without those that save a few ``modules`` only."""
    return [each for each in trainer.checkpoint_callbacks if not getattr(each, "modules", None)]


def _monitored(trainer: pl.Trainer) -> ModelCheckpoint | None:
    for callback in of_whole_runs(trainer):
        if isinstance(callback, ModelCheckpoint) and callback.monitor is not None:
            return callback
    return None
