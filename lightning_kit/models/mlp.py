"""A multilayer perceptron."""

from collections.abc import Sequence
from itertools import pairwise
from typing import final

from torch import Tensor, nn


@final
class MLP(nn.Module):
    """Linear layers with ReLU and dropout between them.

    Maps ``(N, ...)`` to ``(N, out_features)``; what comes after ``N`` is flattened first, so an
    image needs no layer of its own.

    Args:
        in_features: Numbers in one sample once it is flattened, at least 1.
        out_features: Numbers in one answer, at least 1.
        hidden: Width of each hidden layer; empty makes a linear model.
        dropout: Share of hidden units that training drops, in [0, 1).

    Raises:
        ValueError: If a width is below 1, or ``dropout`` is out of range or without a hidden layer.

    Example:
        >>> import torch
        >>> MLP(784, 10, hidden=[128])(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        hidden: Sequence[int] = (64,),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        widths = [in_features, *hidden, out_features]
        if min(widths) < 1:
            raise ValueError(
                f"in_features, hidden and out_features must be at least 1, got {widths}"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout}")
        if dropout and not hidden:
            raise ValueError(f"dropout={dropout} has no effect without hidden layers: leave it out")
        self.flatten = nn.Flatten()
        self.hidden = nn.Sequential(
            *(
                layer
                for wide, narrow in pairwise(widths[:-1])
                for layer in (nn.Linear(wide, narrow), nn.ReLU(), nn.Dropout(dropout))
            )
        )
        self.head = nn.Linear(widths[-2], out_features)

    def forward(self, input: Tensor) -> Tensor:
        output: Tensor = self.head(self.hidden(self.flatten(input)))
        return output
