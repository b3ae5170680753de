"""Pictures that are turned and shifted a little while a model trains."""

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional


@final
class Jitter(nn.Module):
    """Show ``model`` each training picture turned and shifted at random; else the picture itself.

    Maps ``(N, C, H, W)`` to what ``model`` makes of it. Evaluation and export see ``model`` alone.

    Args:
        model: Takes pictures.
        degrees: Largest turn either way, in [0, 180].
        pixels: Largest shift either way along each side, at least 0.

    Raises:
        ValueError: If a bound is out of range, or both are 0.

    Example:
        >>> jitter = Jitter(nn.Flatten()).eval()
        >>> bool((jitter(torch.ones(2, 1, 8, 8)) == 1).all())
        True
    """

    def __init__(self, model: nn.Module, *, degrees: float = 10.0, pixels: float = 0.5) -> None:
        super().__init__()
        if not 0 <= degrees <= 180:
            raise ValueError(f"degrees must be in [0, 180], got {degrees}")
        if pixels < 0:
            raise ValueError(f"pixels must not be negative, got {pixels}")
        if degrees == 0 == pixels:
            raise ValueError("degrees and pixels must not both be 0: use the model as it is")
        self.model = model
        self.degrees = degrees
        self.pixels = pixels

    def forward(self, input: Tensor) -> Tensor:
        output: Tensor = self.model(self._jittered(input) if self.training else input)
        return output

    def _jittered(self, input: Tensor) -> Tensor:
        rows, height, width = len(input), input.shape[-2], input.shape[-1]
        angle, right, down = input.new_empty(3, rows).uniform_(-1, 1)
        angle = angle * math.radians(self.degrees)
        # Grids run from -1 to 1, so one pixel is 2 / width.
        right, down = right * self.pixels * 2 / width, down * self.pixels * 2 / height
        sine, cosine = angle.sin(), angle.cos()
        move = torch.stack([cosine, -sine, right, sine, cosine, down], dim=1).reshape(rows, 2, 3)
        grid = functional.affine_grid(move, list(input.shape), align_corners=False)
        return functional.grid_sample(input, grid, align_corners=False)
