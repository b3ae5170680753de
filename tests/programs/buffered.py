"""A module with buffers of each kind, on batches of given numbers."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


class Buffered(pl.LightningModule):
    """Batch norm (float buffers and a count) and a constant index, trained by SGD."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        self.last = nn.Linear(4, 2)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)
        self.register_buffer("index", torch.arange(100))

    def forward(self, input: Tensor) -> Tensor:
        answer: Tensor = self.last(self.net(input))
        return answer

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss = nn.functional.cross_entropy(self(batch[0]), batch[1])
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("val/loss", nn.functional.cross_entropy(self(batch[0]), batch[1]))

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self.log("test/loss", nn.functional.cross_entropy(self(batch[0]), batch[1]))

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.2, momentum=0.5)


def rows() -> TensorDataset:
    generator = torch.Generator().manual_seed(1)
    input = torch.randn(40, 3, generator=generator)
    return TensorDataset(input, (input.sum(1) > 0).long())


def loader() -> DataLoader[Any]:
    """Five batches of eight."""
    return DataLoader(rows(), batch_size=8)
