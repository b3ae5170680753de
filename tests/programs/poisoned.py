"""A module with BatchNorm under Adam, and data of which some batches are NaN."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class PoisonedData(Dataset[tuple[Tensor, Tensor]]):
    """Rows in batches of four; those of the batches ``bad`` (from 1) hold a NaN.

    Args:
        bad: Batches.
        num_batches: Batches in all.
        seed: Of the rows.
    """

    def __init__(self, *bad: int, num_batches: int = 6, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.input = torch.randn(num_batches * 4, 3, generator=generator)
        self.target = self.input.sum(1, keepdim=True)
        for batch in bad:
            self.input[batch * 4 - 1, 1] = torch.nan

    def __len__(self) -> int:
        return len(self.input)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.input[index], self.target[index]

    def loader(self) -> DataLoader[Any]:
        return DataLoader(self, batch_size=4)


class Normed(pl.LightningModule):
    """Linear, BatchNorm, Linear.

    Args:
        how: ``input``: NaN comes with the data; ``loss``: a NaN that no gradient feels is added to
            the loss of such data; ``grads``: the loss stays finite and its gradient does not;
            ``outputs``: only another output is NaN.
    """

    def __init__(self, how: str = "input") -> None:
        super().__init__()
        self.how = how
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        input, target = batch
        bad = input.isnan().any()
        if self.how != "input":
            input = input.nan_to_num()
        answer = self.net(input)
        loss = (answer - target).square().mean()
        if self.how == "loss":
            loss = loss + torch.where(bad, torch.nan, 0.0)
        if self.how == "grads" and bad:
            # The square root of 0 is 0, its slope infinite.
            loss = loss + (answer.mean() * 0).sqrt()
        return {"loss": loss, "score": torch.where(bad, torch.nan, 1.0)}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=0.01, weight_decay=0.1)
