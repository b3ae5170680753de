"""Scores are stale that no validation has logged since they were looked at."""

from typing import Any

import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit.callbacks.fresh_scores import FreshScores


class Keys(PlainModule):
    """``both`` is logged in training and validation, the others in one, or in none."""

    def _step(self, batch: Any, stage: str) -> torch.Tensor:
        self.log("both", 1.0, on_step=False, on_epoch=True)
        self.log(f"of_{stage}", 1.0, on_step=False, on_epoch=True)
        return super()._step(batch, stage)


class Asks(pl.Callback):
    def __init__(self) -> None:
        self.fresh = FreshScores()
        self.stale: list[list[str]] = []

    def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        if not trainer.sanity_checking:
            self.fresh.validated()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        keys = ("both", "of_train", "of_val", "never")
        found = [key for key in keys if self.fresh.are_stale(trainer, [key])]
        assert self.fresh.are_stale(trainer, keys) == bool(found)
        if not self.fresh.are_stale(trainer, ["of_val"]):
            assert not self.fresh.are_stale(trainer, ["never"], wait=False)
        self.stale.append(found)
        self.fresh.taken()


def stale(**options: Any) -> list[list[str]]:
    asks = Asks()
    settings = {**QUIET, "max_epochs": 4, "check_val_every_n_epoch": 2, **options}
    pl.Trainer(**settings, callbacks=[asks]).fit(Keys(), PlainData())
    return asks.stale


def test_what_is_stale_between_validations() -> None:
    waiting = ["of_val", "never"]
    assert stale() == [waiting, [], waiting, []]
    assert stale(num_sanity_val_steps=0) == [waiting, [], waiting, []]


def test_nothing_is_stale_where_no_validation_can_come() -> None:
    assert stale(limit_val_batches=0) == [[], [], [], []]
