"""Rows that stay on the accelerator, so that batches are gathered there."""

from typing import final

import torch
from torch import Tensor


@final
class Resident:
    """Move tensors to a device, each of them once.

    Args:
        device: Where this process trains.

    Raises:
        ValueError: If that is the CPU, where the rows are already.
    """

    def __init__(self, device: torch.device) -> None:
        if device.type == "cpu":
            raise ValueError(
                "resident must be false where the trainer runs on the cpu, in whose memory the "
                "rows are, so that it has no effect: leave it out, or set trainer.accelerator"
            )
        self.device = device
        # A tensor is equal to itself alone as a key, and as one it stays alive.
        self._moved: dict[Tensor, Tensor] = {}

    def __call__(self, rows: Tensor) -> Tensor:
        """Return ``rows`` (N, ...) on the device; the same tensor gives the same one again."""
        if rows not in self._moved:
            self._moved[rows] = rows.to(self.device)
        return self._moved[rows]
