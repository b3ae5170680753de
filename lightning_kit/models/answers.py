"""What a model's output means: the postprocessing that training, export and serving share."""

from collections.abc import Callable
from typing import Literal, Self, final

import torch
from torch import Tensor, nn

from lightning_kit.models.digits import keeping_digits

Kind = Literal["multiclass", "binary", "multilabel"]


def at_least_float32(output: Tensor) -> Tensor:
    """Half precision has too few steps near 1 to rank answers by."""
    if output.dtype is torch.float32:
        return output
    return output.to(torch.promote_types(output.dtype, torch.float32))


@final
class ClassAnswer(nn.Module):
    """Turn logits into ``probabilities``, ``prediction`` and ``confidence``.

    ============ ================ ============= ===================== ====================
    kind         logits           probabilities prediction (int64)    confidence
    ============ ================ ============= ===================== ====================
    multiclass   (N, C)           (N, C)        (N,), in [0, C)       (N,)
    binary       (N,) or (N, 1)   (N, 2)        (N,), 0 or 1          (N,)
    multilabel   (N, C)           (N, C)        (N, C), 0 or 1        (N, C), in [0.5, 1]
    ============ ================ ============= ===================== ====================

    Confidence is the probability of what was predicted. A tie goes to the lower class.

    Args:
        kind: How the logits are read.
    """

    def __init__(self, kind: Kind = "multiclass") -> None:
        super().__init__()
        self.kind = kind

    def forward(self, logits: Tensor) -> dict[str, Tensor]:
        probabilities = self.probabilities(logits)
        if self.kind == "multilabel":
            prediction = (probabilities > 0.5).long()
            confidence = torch.maximum(probabilities, 1 - probabilities)
        else:
            confidence, prediction = probabilities.max(dim=1)
        return {"probabilities": probabilities, "prediction": prediction, "confidence": confidence}

    def probabilities(self, logits: Tensor) -> Tensor:
        """The first of the answers alone, which is what metrics compare."""
        logits = at_least_float32(logits)
        if self.kind == "multilabel":
            return logits.sigmoid()
        if self.kind == "multiclass":
            return logits.softmax(dim=1)
        positive = logits.reshape(-1)
        # Not 1 - p, which rounds a small probability away.
        return torch.stack([(-positive).sigmoid(), positive.sigmoid()], dim=1)


@final
class RegressionAnswer(nn.Module):
    """Turn standardised outputs into ``prediction``, in the targets' own units.

    ``(N,)`` or ``(N, 1)`` becomes ``(N,)`` for one target, ``(N, T)`` stays so for more. The
    mean and the spread are buffers from the start, so that a checkpoint loads before any data was
    seen. They stay at least float32 where the model is cast to a type of few digits.

    Args:
        num_targets: ``T``, at least 1.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, num_targets: int = 1) -> None:
        super().__init__()
        self.num_targets = num_targets
        self.register_buffer("mean", torch.zeros(num_targets))
        self.register_buffer("std", torch.ones(num_targets))

    def forward(self, output: Tensor) -> dict[str, Tensor]:
        return {"prediction": self.arrange(at_least_float32(output)) * self.std + self.mean}

    def arrange(self, output: Tensor) -> Tensor:
        """``(N,)`` for one target, so that no broadcast can pair each row with every other."""
        return output.reshape(-1) if self.num_targets == 1 else output

    def standardise(self, target: Tensor) -> Tensor:
        """The inverse of :meth:`forward`: raw ``target`` to what the model should output."""
        return (target - self.mean) / self.std

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # As bfloat16, a mean of 2015 would be 2016.
        super()._apply(keeping_digits(fn), recurse)  # type: ignore[no-untyped-call]
        return self
