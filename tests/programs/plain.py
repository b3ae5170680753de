"""A LightningModule and a datamodule that never heard of the kit."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset


class PlainModule(pl.LightningModule):
    """A linear classifier; ``fail_at`` raises in that training batch.

    Args:
        lr: Rate.
        weight_decay: Decay.
        step_size: Epochs between halvings of the rate; None: no schedule.
        dropout: Share of inputs dropped.
        fail_at: Training batch, counted from the start, that raises.
    """

    def __init__(
        self,
        lr: float = 0.1,
        weight_decay: float = 0.0,
        step_size: int | None = None,
        dropout: float = 0.0,
        fail_at: int | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.lr, self.weight_decay, self.step_size = lr, weight_decay, step_size
        self.fail_at = fail_at
        self.net = torch.nn.Sequential(torch.nn.Dropout(dropout), torch.nn.Linear(3, 2))

    def forward(self, input: Tensor) -> Any:
        return self.net(input)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        if self.trainer.global_step == self.fail_at:
            raise RuntimeError("the batch is cursed")
        return self._step(batch, "train")

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self._step(batch, "val")

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self._step(batch, "test")

    def predict_step(self, batch: Any, batch_idx: int) -> Tensor:
        answer: Tensor = self.net(batch[0])
        return answer

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(
            self.parameters(), lr=self.lr, momentum=0.9, weight_decay=self.weight_decay
        )
        if self.step_size is None:
            return optimizer
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, self.step_size, gamma=0.5)
        return [optimizer], [schedule]

    def _step(self, batch: Any, stage: str) -> Tensor:
        input, target = batch
        loss = torch.nn.functional.cross_entropy(self.net(input), target)
        self.log(f"{stage}/loss", loss, on_step=False, on_epoch=True, batch_size=len(target))
        return loss


class PlainData(pl.LightningDataModule):
    """Forty rows of three columns.

    Args:
        path: Never read; it shows what becomes of paths.
        batch_size: Rows in a batch.
    """

    def __init__(self, path: str = "rows.csv", batch_size: int = 8) -> None:
        super().__init__()
        self.path, self.batch_size = path, batch_size
        generator = torch.Generator().manual_seed(0)
        input = torch.randn(40, 3, generator=generator)
        self.rows = TensorDataset(input, (input.sum(1) > 0).long())

    def train_dataloader(self) -> DataLoader[Any]:
        generator = torch.Generator().manual_seed(1)
        return DataLoader(self.rows, batch_size=self.batch_size, generator=generator)

    def val_dataloader(self) -> DataLoader[Any]:
        return self.train_dataloader()

    def test_dataloader(self) -> DataLoader[Any]:
        return self.train_dataloader()

    def predict_dataloader(self) -> DataLoader[Any]:
        return self.train_dataloader()
