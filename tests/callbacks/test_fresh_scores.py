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

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
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


class Keeps(Asks):
    """What is left over of a validation as it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[dict[str, torch.Tensor]] = []

    def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self.left.append(self.fresh.left(trainer))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        super().on_train_epoch_end(trainer, pl_module)
        self.left.append(self.fresh.left(trainer))


def test_what_is_left_of_a_validation_until_it_is_looked_at() -> None:
    keeps = Keeps()
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[keeps])
    trainer.fit(Keys(), PlainData())
    sanity, ended, looked_at = keeps.left
    assert (sanity, looked_at) == ({}, {})
    # `both` is training's too, and waits for the epoch's end.
    assert ended.keys() == {"of_val", "val/loss"}

    fresh, later = FreshScores(), pl.Trainer(**QUIET)
    fresh.restore(ended)
    assert fresh.left(later) == ended
    fresh.put_back(later)
    assert later.callback_metrics == ended
    assert fresh.is_left_over
    assert not fresh.are_stale(later, ["of_val"])
    assert fresh.are_stale(later, ["of_val", "of_train"])
    fresh.taken()
    assert not fresh.is_left_over


def test_within_an_epoch_its_own_scores_are_stale_too() -> None:
    """Three steps an epoch; both kinds of score come at its end, validation's at every second."""

    class Steps(pl.Callback):
        def __init__(self) -> None:
            self.fresh = FreshScores()
            self.stale: list[list[str]] = []

        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            keys = ("each", "of_train", "of_val", "never")
            self.stale += [[k for k in keys if self.fresh.are_stale(trainer, [k], by_step=True)]]
            self.fresh.taken()

        def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
            self.fresh.validated()

        def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
            self.fresh.epoch_ended()

    class Each(Keys):
        def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            self.log("each", 1.0)
            return super().training_step(batch, batch_idx)

    steps = Steps()
    options: dict[str, Any] = {**QUIET, "num_sanity_val_steps": 0, "limit_train_batches": 3}
    trainer = pl.Trainer(**options, max_epochs=3, check_val_every_n_epoch=2, callbacks=[steps])
    trainer.fit(Each(), PlainData())
    first = ["of_train", "of_val", "never"]
    second = [["of_val", "never"], first, first]
    assert steps.stale == [first] * 3 + second + [
        [],
        ["of_train", "of_val"],
        ["of_train", "of_val"],
    ]


def test_nothing_is_stale_where_no_validation_can_come() -> None:
    assert stale(limit_val_batches=0) == [[], [], [], []]
