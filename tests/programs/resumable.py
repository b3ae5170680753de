"""A loader that goes on where it was, in another order each epoch."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


class Resumable:
    """Yield batches of ``rows`` in an order that the seed and the epoch give."""

    def __init__(self, rows: tuple[Tensor, ...], batch_size: int) -> None:
        self.rows, self.batch_size = rows, batch_size
        self.epoch, self.position = 0, 0

    def __len__(self) -> int:
        return len(self.rows[0]) // self.batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        # Lightning does not ask for the batch that would end the epoch.
        if self.position == len(self):
            self.epoch, self.position = self.epoch + 1, 0
        generator = torch.Generator().manual_seed(self.epoch)
        order = torch.randperm(len(self.rows[0]), generator=generator)
        while self.position < len(self):
            start = self.position * self.batch_size
            self.position += 1
            yield tuple(each[order[start : start + self.batch_size]] for each in self.rows)

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epoch, self.position = state["epoch"], state["position"]
