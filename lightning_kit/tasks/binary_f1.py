"""F1 of yes-or-no answers, the mean over both classes."""

from typing import final

import torch
from torch import Tensor
from torchmetrics.classification import BinaryStatScores


@final
class BinaryMacroF1(BinaryStatScores):
    """The mean of the F1 of 1 and the F1 of 0, where torchmetrics' ``BinaryF1Score`` is that of 1.

    A class that is neither a target nor an answer is left out, as in scikit-learn. Takes the
    arguments of :class:`torchmetrics.classification.BinaryStatScores`.

    Example:
        >>> BinaryMacroF1()(torch.tensor([0.9, 0.8, 0.2]), torch.tensor([1, 0, 0]))
        tensor(0.6667)
    """

    higher_is_better = True
    plot_lower_bound = 0.0
    plot_upper_bound = 1.0

    def compute(self) -> Tensor:
        tp, fp, tn, fn = self._final_state()
        wrong = fp + fn
        right = torch.stack([tn, tp])
        occurs = right + wrong > 0
        scores = 2 * right / (2 * right + wrong).clamp(min=1)
        return scores.sum() / occurs.sum().clamp(min=1)
