"""A small convolutional network."""

from collections.abc import Sequence
from itertools import pairwise
from typing import final

from torch import Tensor, nn


@final
class CNN(nn.Module):
    """Convolutions that halve the picture, a mean over what is left of it, and a linear head.

    Maps ``(N, in_channels, H, W)`` to ``(N, out_features)``, for any ``H`` and ``W`` that survive
    the halvings: at least ``2 ** (len(channels) - 1)`` pixels.

    Args:
        in_channels: Channels of a picture, 1 for grey.
        out_features: Numbers in one answer, at least 1.
        channels: Channels after each block; every block but the last halves height and width.
        dropout: Share of channels that training drops before the head, in [0, 1).

    Raises:
        ValueError: If a size is below 1, ``channels`` is empty, or ``dropout`` is out of range.

    Example:
        >>> import torch
        >>> CNN(1, 10, channels=[8, 16])(torch.zeros(2, 1, 8, 8)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        in_channels: int,
        out_features: int,
        *,
        channels: Sequence[int] = (32, 64),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        sizes = [in_channels, *channels, out_features]
        if not channels:
            raise ValueError("channels must name at least one block, got none: use an MLP instead")
        if min(sizes) < 1:
            raise ValueError(
                f"in_channels, channels and out_features must be at least 1, got {sizes}"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout}")
        blocks: list[nn.Module] = []
        for before, after in pairwise(sizes[:-1]):
            blocks += [nn.MaxPool2d(2)] if blocks else []
            # The norm has a bias of its own.
            convolution = nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False)
            blocks += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
        self.features = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(sizes[-2], sizes[-1])
        )

    def forward(self, input: Tensor) -> Tensor:
        output: Tensor = self.head(self.pool(self.features(input)))
        return output
