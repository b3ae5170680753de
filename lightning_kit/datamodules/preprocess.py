"""From raw input to what a model takes: modules that training, export and serving share."""

from typing import final

import torch
from torch import Tensor, nn


@final
class Scale(nn.Module):
    """Divide by a constant, e.g. the largest value a pixel can have.

    Maps ``(N, ...)`` of any number type to floating point of the same shape.

    >>> Scale(16)(torch.tensor([[0, 8, 16]]))
    tensor([[0.0000, 0.5000, 1.0000]])

    Args:
        divisor: Not 0.
    """

    def __init__(self, divisor: float) -> None:
        super().__init__()
        if divisor == 0:
            raise ValueError(f"divisor must not be 0, got {divisor}")
        self.divisor = float(divisor)

    def forward(self, input: Tensor) -> Tensor:
        return input / self.divisor

    def extra_repr(self) -> str:
        return f"{self.divisor:g}"


@final
class Standardise(nn.Module):
    """Shift and scale each feature to mean 0 and standard deviation 1 over the fitted rows.

    Maps ``(N, F)`` or ``(N, F, ...)`` to float32 of the same shape; a feature of pictures is a
    channel. Before :meth:`fit` it changes nothing. A constant feature becomes 0.

    Args:
        num_features: ``F``, at least 1.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, num_features: int) -> None:
        super().__init__()
        if num_features < 1:
            raise ValueError(f"num_features must be at least 1, got {num_features}")
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("std", torch.ones(num_features))

    def fit(self, input: Tensor) -> None:
        """Measure ``input`` of shape ``(N, F, ...)``."""
        rows = input.movedim(1, -1).reshape(-1, len(self.mean)).double()
        std, mean = torch.std_mean(rows, dim=0, correction=0)
        # What float32 cannot tell from a constant would be blown up noise, or stay huge.
        coarsest = 1e-7 * mean.abs()
        std = torch.where(std <= coarsest, coarsest.clamp(min=1), std)
        self.mean.copy_(mean)
        self.std.copy_(std)

    def forward(self, input: Tensor) -> Tensor:
        shape = (-1,) + (1,) * (input.ndim - 2)
        return (input.to(self.mean.dtype) - self.mean.view(shape)) / self.std.view(shape)

    def extra_repr(self) -> str:
        return f"{len(self.mean)}"
