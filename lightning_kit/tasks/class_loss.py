"""Cross-entropy for the three kinds of class labels, with the weight that its mean is over."""

import math
from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from lightning_kit.models.answers import Kind

# No label, so that torch's default of -100 is an error where nobody asked to ignore it.
_NOTHING = -(2**31)


@final
class ClassLoss(nn.Module):
    """Map logits and labels to ``(mean loss, weight)``; a batch without valid labels gives (0, 0).

    Args:
        kind: ``multiclass``, ``binary`` or ``multilabel``.
        num_classes: ``C``.
        class_weights: See :class:`.ClassificationTask`; ``"balanced"`` waits for :meth:`balance`.
        label_smoothing: Share of the target spread evenly over all classes, in [0, 1).
        ignore_index: A target value that counts for nothing.

    Raises:
        ValueError: If an argument is out of range, or has no effect for this ``kind``.
        IndexError: When called on a CPU with a label that is no class; an accelerator stops too.
    """

    class_weights: Tensor | None
    wanted: Tensor

    def __init__(
        self,
        kind: Kind,
        num_classes: int,
        *,
        class_weights: list[float] | Literal["balanced"] | None,
        label_smoothing: float,
        ignore_index: int | None,
    ) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label_smoothing must be in [0, 1), got {label_smoothing}")
        if kind != "multiclass" and ignore_index in (0, 1):
            raise ValueError(
                f"ignore_index must not be a label of {kind} targets, got {ignore_index}"
            )
        self.kind = kind
        self.num_classes = num_classes
        self.balanced = class_weights == "balanced"
        self.label_smoothing = label_smoothing
        self.ignore_index = ignore_index
        self.register_buffer("class_weights", _weights(class_weights, kind, num_classes))
        # The probabilities that a label of 0 and one of 1 ask for.
        wanted = torch.tensor([label_smoothing / 2, 1 - label_smoothing / 2])
        self.register_buffer("wanted", wanted, persistent=False)

    def balance(self, counts: list[int] | None) -> None:
        """Weight each class by ``samples / (C * count)``, as scikit-learn's ``balanced`` does.

        Raises:
            ValueError: If the counts are not there, are not ``C``, or one is zero.
        """
        if counts is None:
            raise ValueError(
                "class_weights='balanced' needs a datamodule with class_counts: "
                "give the weights as a list instead"
            )
        if len(counts) != self.num_classes or min(counts) < 1:
            raise ValueError(
                f"class_weights='balanced' needs {self.num_classes} classes with at least one "
                f"training sample each, got counts {list(counts)}"
            )
        assert self.class_weights is not None
        count = torch.tensor(counts, dtype=torch.float64)
        self.class_weights.copy_(count.sum() / (self.num_classes * count))

    def forward(self, logits: Tensor, target: Tensor) -> tuple[Tensor, int | Tensor]:
        if self.kind == "multiclass":
            return self._multiclass(logits, target)
        if self.kind == "binary":
            return self._binary(logits.reshape(-1), target)
        return self._multilabel(logits, target)

    def _multiclass(self, logits: Tensor, target: Tensor) -> tuple[Tensor, int | Tensor]:
        plain = self.class_weights is None and self.ignore_index is None
        loss = functional.cross_entropy(
            logits,
            target.long(),
            weight=self.class_weights,
            ignore_index=_NOTHING if self.ignore_index is None else self.ignore_index,
            reduction="mean" if plain else "sum",
            label_smoothing=self.label_smoothing,
        )
        if plain:
            return loss, len(target)
        return _mean(loss, self._valid(target) * self._weight_of(target))

    def _binary(self, logits: Tensor, target: Tensor) -> tuple[Tensor, int | Tensor]:
        losses = functional.binary_cross_entropy_with_logits(
            logits, self._wanted_of(target, logits), reduction="none"
        )
        if self.class_weights is None and self.ignore_index is None:
            return losses.mean(), len(target)
        weight = self._valid(target) * self._weight_of(target)
        return _mean((losses * weight).sum(), weight)

    def _multilabel(self, logits: Tensor, target: Tensor) -> tuple[Tensor, int | Tensor]:
        losses = functional.binary_cross_entropy_with_logits(
            logits,
            self._wanted_of(target, logits),
            pos_weight=self.class_weights,
            reduction="none",
        )
        if self.ignore_index is None:
            return losses.mean(), target.numel()
        valid = self._valid(target)
        return _mean((losses * valid).sum(), valid)

    def _wanted_of(self, target: Tensor, like: Tensor) -> Tensor:
        # Looked up, not computed: any other number would be a loss like another.
        found = self.wanted.index_select(0, self._label_of(target).reshape(-1))
        return found.reshape(target.shape).to(like.dtype)

    def _label_of(self, target: Tensor) -> Tensor:
        """Return a class for every target, an ignored one too, whose weight is 0."""
        label = target.long()
        if self.ignore_index is None:
            return label
        return label.masked_fill(label == self.ignore_index, 0)

    def _valid(self, target: Tensor) -> Tensor:
        if self.ignore_index is None:
            return torch.ones_like(target, dtype=torch.float32)
        return (target != self.ignore_index).float()

    def _weight_of(self, target: Tensor) -> Tensor | float:
        if self.class_weights is None:
            return 1.0
        return self.class_weights[self._label_of(target)]


def _mean(total: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    whole = weight.sum()
    return total / torch.where(whole > 0, whole, 1.0), whole


def _weights(given: list[float] | str | None, kind: Kind, num_classes: int) -> Tensor | None:
    if given is None:
        return None
    if isinstance(given, str):
        if given != "balanced":
            raise ValueError(f"class_weights must be a list, 'balanced' or None, got {given!r}")
        if kind == "multilabel":
            raise ValueError(
                "class_weights='balanced' does not apply to multilabel, where labels are counted "
                "one by one: give the factor on each label's positives as a list"
            )
        return torch.ones(num_classes)
    finite = all(math.isfinite(weight) for weight in given)
    if len(given) != num_classes or not finite or min(given) < 0 or max(given) == 0:
        raise ValueError(
            f"class_weights must be {num_classes} finite numbers of at least 0, not all 0, "
            f"got {list(given)}"
        )
    return torch.tensor(given, dtype=torch.float32)
