"""A module that logs a given stream of scores."""

from typing import Any

import torch
from programs.plain import PlainData, PlainModule
from torch import Tensor


class ScoreModule(PlainModule):
    """Log ``score``, and ``other`` where given, at each validation, the n-th for the n-th epoch.

    Args:
        scores: One for each epoch.
        other: One for each epoch.
    """

    def __init__(self, scores: list[float], other: list[float] | None = None) -> None:
        super().__init__()
        self.scores, self.other = scores, other

    def on_validation_epoch_end(self) -> None:
        if self.trainer.sanity_checking:
            return
        epoch = self.trainer.current_epoch
        self.log("score", torch.tensor(self.scores[epoch], dtype=torch.float64))
        if self.other is not None:
            self.log("other", torch.tensor(self.other[epoch], dtype=torch.float64))


class StepScores(PlainModule):
    """Log ``score`` in each training step, the n-th for the n-th batch.

    Args:
        scores: One for each batch of the fit.
    """

    def __init__(self, scores: list[float]) -> None:
        super().__init__()
        self.scores = scores

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        score = self.scores[self.trainer.fit_loop.total_batch_idx]
        self.log("score", torch.tensor(score, dtype=torch.float64))
        return super().training_step(batch, batch_idx)


class OneBatch(PlainData):
    """One batch an epoch."""

    def __init__(self) -> None:
        super().__init__(batch_size=40)
