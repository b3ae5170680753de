"""Modules that never heard of the kit, to export: one that can be, and some that cannot."""

from typing import Any

import pytorch_lightning as pl
import torch
from programs.plain import PlainData, PlainModule
from torch import Tensor, nn


class Pairs(PlainModule):
    """Answers with two tensors."""

    def forward(self, input: Tensor) -> Any:
        logits = self.net(input)
        return {"logits": logits, "best": logits.argmax(dim=1)}


class Words(PlainModule):
    """Answers with what is no tensor."""

    def forward(self, input: Tensor) -> Any:
        return ["yes"] * len(input)


class Branching(PlainModule):
    """Asks its data which way to go."""

    def forward(self, input: Tensor) -> Any:
        if input.sum() > 0:
            return self.net(input)
        return -self.net(input)


class Forgetful(PlainModule):
    """Answers otherwise where it is traced, as a dropout that is left on would."""

    def forward(self, input: Tensor) -> Any:
        shift = 0.0 if torch.compiler.is_exporting() else 1.0
        return self.net(input) + shift


class Example(PlainModule):
    def __init__(self) -> None:
        super().__init__()
        self.example_input_array = torch.randn(1, 3)


class Other(PlainModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2))


class EmptyValidation(PlainData):
    def val_dataloader(self) -> Any:
        return []


class TrainingOnly(pl.LightningDataModule):
    """Has rows to train on, and none to validate on."""

    def train_dataloader(self) -> Any:
        return PlainData().train_dataloader()
