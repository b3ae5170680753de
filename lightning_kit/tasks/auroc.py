"""Area under the ROC curve that stays right where a class is missing."""

from typing import Any, final

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.functional.classification import binary_auroc
from torchmetrics.utilities import dim_zero_cat


@final
class MacroAUROC(Metric):
    """The mean, over the classes that have positives and negatives, of each one's AUROC.

    torchmetrics counts a class without positives as 0 and warns; here it is left out, and where no
    class is left the answer is NaN. Exact, so it keeps every score until the epoch ends:
    ``N * C * 4`` bytes for float32 (40 MB for a million samples of ten classes), gathered on every
    rank.

    Takes probabilities ``(N, C)`` with targets ``(N,)`` int64 in [0, C), or ``(N,)`` and ``(N, C)``
    with 0 and 1 of the same shape. Any monotonic score does.

    Args:
        ignore_index: A target value that is left out.

    Example:
        >>> scores = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0]])
        >>> MacroAUROC()(scores, torch.tensor([0, 1, 1]))
        tensor(1.)
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    scores: list[Tensor]
    targets: list[Tensor]

    def __init__(self, *, ignore_index: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_index = ignore_index
        self.add_state("scores", default=[], dist_reduce_fx="cat")
        self.add_state("targets", default=[], dist_reduce_fx="cat")

    def update(self, preds: Tensor, target: Tensor) -> None:
        self.scores.append(preds.detach())
        self.targets.append(target)

    def compute(self) -> Tensor:
        scores, targets = dim_zero_cat(self.scores), dim_zero_cat(self.targets)
        areas = [
            binary_auroc(column, wanted, validate_args=False)
            for column, wanted in self._columns(scores, targets)
            if 0 < int(wanted.sum()) < len(wanted)
        ]
        return torch.stack(areas).mean() if areas else scores.new_tensor(float("nan"))

    def _columns(self, scores: Tensor, targets: Tensor) -> list[tuple[Tensor, Tensor]]:
        """One ``(scores, 0 or 1)`` a class, without what is ignored."""
        if scores.ndim == 1:
            scores, targets = scores[:, None], targets[:, None]
        one_target = targets.ndim == 1
        columns = []
        for index, column in enumerate(scores.unbind(dim=1)):
            target = targets if one_target else targets[:, index]
            keep = torch.ones_like(target, dtype=torch.bool)
            if self.ignore_index is not None:
                keep = target != self.ignore_index
            wanted = (target == index) if one_target else target.bool()
            columns.append((column[keep], wanted[keep].long()))
        return columns
