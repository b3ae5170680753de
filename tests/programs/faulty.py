"""Modules that are slow, that end a rank in mid-run, or that cannot be built."""

import os
import signal
import time
from typing import Any

import pytorch_lightning as pl
from programs.plain import PlainModule
from torch import Tensor


class SlowModule(PlainModule):
    """Take ``pause_s`` seconds for a batch."""

    def __init__(self, pause_s: float = 0.05) -> None:
        super().__init__()
        self.pause_s = pause_s

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        time.sleep(self.pause_s)
        return super().training_step(batch, batch_idx)


class FaultyRank(PlainModule):
    """End ``rank`` in training step ``at``, by an exception (``raise``) or SIGKILL (``die``)."""

    def __init__(self, how: str = "raise", rank: int = 1, at: int = 8) -> None:
        super().__init__()
        self.how, self.rank, self.at = how, rank, at

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        if self.global_rank == self.rank and self.trainer.global_step == self.at:
            if self.how == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError(f"rank {self.rank} is cursed")
        return super().training_step(batch, batch_idx)


class Angry:
    def __init__(self) -> None:
        raise RuntimeError("no luck")


class AngryModule(Angry, pl.LightningModule): ...


class AngryData(Angry, pl.LightningDataModule): ...


class AngryCallback(Angry, pl.Callback): ...
