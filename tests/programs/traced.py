"""A module and loaders for tests of events: few rows, seeded, with or without a length."""

from collections.abc import Iterator
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

QUIET: dict[str, Any] = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}


class Traced(pl.LightningModule):
    """A linear regression that never heard of the kit."""

    def __init__(self, lr: float = 0.05) -> None:
        super().__init__()
        self.lr = lr
        self.dropout = torch.nn.Dropout(0.0)
        self.net = torch.nn.Linear(3, 1)
        torch.nn.init.constant_(self.net.weight, 0.1)
        torch.nn.init.zeros_(self.net.bias)

    def loss(self, batch: Any) -> Tensor:
        input, target = batch
        return torch.nn.functional.mse_loss(self.net(self.dropout(input)).squeeze(1), target)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss = self.loss(batch)
        self.log("train/loss", loss, on_step=True, on_epoch=False, batch_size=len(batch[1]))
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("val/loss", self.loss(batch), batch_size=len(batch[1]))

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=self.lr)


def rows(num: int = 24) -> TensorDataset:
    generator = torch.Generator().manual_seed(0)
    input = torch.randn(96, 3, generator=generator)[:num]
    return TensorDataset(input, input.sum(1))


class Stream(IterableDataset[Any]):
    """The same rows without a length."""

    def __init__(self, num: int = 24) -> None:
        self.rows = rows(num)

    def __iter__(self) -> Iterator[Any]:
        return (self.rows[i] for i in range(len(self.rows)))


def loader(num: int = 24, batch_size: int = 4) -> DataLoader[Any]:
    return DataLoader(rows(num), batch_size=batch_size)


def stream(num: int = 24, batch_size: int = 4) -> DataLoader[Any]:
    return DataLoader(Stream(num), batch_size=batch_size)
