"""Rows for each kind of task, named by import path in the contract suite's YAML."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from lightning_kit.datamodules.loader import BatchLoader

FEATURES = 6


class Rows(pl.LightningDataModule):
    """23 seeded rows: batches of 4 leave a smaller last one, on one process and on two.

    Args:
        kind: ``multiclass`` (3 classes), ``binary``, ``multilabel`` (3 labels), ``regression`` or
            ``regressions`` (2 targets).
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(7)
        self.input = torch.randn(23, FEATURES, generator=generator)
        noise = torch.randn(23, 3, generator=generator)
        latent = self.input[:, :3] + noise
        targets: dict[str, Tensor] = {
            "multiclass": latent.argmax(dim=1),
            "binary": (latent[:, 0] > 0).long(),
            "multilabel": (latent > 0).long(),
            "regression": 50 + 20 * latent[:, 0],
            "regressions": 50 + 20 * latent[:, :2],
        }
        self.target = targets[kind]
        if kind == "multiclass":
            self.class_counts = torch.bincount(self.target).tolist()
        if self.target.is_floating_point():
            self.target_mean = self.target.mean(dim=0)
            self.target_std = self.target.std(dim=0)

    def _loader(self, **options: Any) -> BatchLoader:
        rank, world_size = (
            (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        )
        return BatchLoader(
            self.input,
            self.target,
            batch_size=4,
            seed=0,
            rank=rank,
            world_size=world_size,
            **options,
        )

    def train_dataloader(self) -> BatchLoader:
        return self._loader(shuffle=True)

    def val_dataloader(self) -> BatchLoader:
        return self._loader(shuffle=False)

    test_dataloader = predict_dataloader = val_dataloader
