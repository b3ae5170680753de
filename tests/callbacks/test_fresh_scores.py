"""Scores are stale that no validation has logged since they were looked at."""

from typing import Any

import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit import compat
from lightning_kit.callbacks.actions import Validate
from lightning_kit.callbacks.fresh_scores import FreshScores
from lightning_kit.callbacks.on_event import OnEvent


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
        self.fresh.epoch_ended(trainer)
        keys = ("both", "of_train", "of_val", "never")
        found = [key for key in keys if self.fresh.are_stale(trainer, [key])]
        assert self.fresh.are_stale(trainer, keys) == bool(found)
        if not self.fresh.are_stale(trainer, ["of_val"]):
            assert not self.fresh.are_stale(trainer, ["never"], wait=False)
        self.stale.append(found)
        self.fresh.taken(trainer)


def stale(**options: Any) -> list[list[str]]:
    asks = Asks()
    settings = {**QUIET, "max_epochs": 4, "check_val_every_n_epoch": 2, **options}
    pl.Trainer(**settings, callbacks=[asks]).fit(Keys(), PlainData())
    return asks.stale


def test_what_is_stale_between_validations() -> None:
    waiting = ["of_val", "never"]
    assert stale() == [waiting, [], ["of_val"], []]
    assert stale(num_sanity_val_steps=0) == [waiting, [], ["of_val"], []]


class Keeps(Asks):
    """What a checkpoint would keep as a validation and an epoch end."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[list[str]] = []

    def _keep(self, trainer: pl.Trainer) -> None:
        self.new.append(self.fresh.state(trainer, in_validation=False)["new"])

    def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self._keep(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        super().on_train_epoch_end(trainer, pl_module)
        self._keep(trainer)


class Validates(pl.Trainer):
    enable_validation = property(lambda self: True)


def test_what_is_new_of_a_validation_until_it_is_looked_at() -> None:
    keeps = Keeps()
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[keeps])
    trainer.fit(Keys(), PlainData())
    sanity, ended, looked_at = keeps.new
    assert (sanity, looked_at) == ([], [])
    assert ended == ["both", "of_val", "val/loss"]

    checkpoint: dict[str, Any] = {}
    compat.keep_scores(trainer, checkpoint)
    kept = compat.kept_scores(checkpoint)
    assert kept is not None
    later, fresh, judged = Validates(**QUIET), FreshScores(), FreshScores()
    compat.put_back_scores(later, kept)
    fresh.restore(keeps.fresh.state(trainer, in_validation=True))
    judged.restore(keeps.fresh.state(trainer, in_validation=False))
    assert not fresh.are_stale(later, ["of_val"])
    assert not fresh.are_stale(later, ["of_val", "of_train"])
    assert fresh.are_of_validation(later, ["of_val"])
    assert not fresh.are_of_validation(later, ["both"])
    assert judged.are_stale(later, ["of_val"])
    assert not judged.are_stale(later, ["both"]), "training logs it too"
    assert judged.are_stale(later, ["both"], by_step=True)
    fresh.taken(later)
    assert fresh.are_stale(later, ["of_val"])


def test_an_epochs_mean_is_lost_where_no_batch_came_after_a_resume() -> None:
    trainer = pl.Trainer(**QUIET, max_epochs=1)
    trainer.fit(Keys(), PlainData())
    checkpoint: dict[str, Any] = {}
    compat.keep_scores(trainer, checkpoint)
    kept = compat.kept_scores(checkpoint)
    assert kept is not None
    later, fresh = pl.Trainer(**QUIET), FreshScores()
    compat.put_back_scores(later, kept)
    fresh.started(later)
    fresh.epoch_ended(later)
    assert fresh.are_stale(later, ["of_train"])
    assert not fresh.are_all_known(later)
    fresh.epoch_ended(later, is_owed=True)
    assert not fresh.are_stale(later, ["of_train"])


def test_within_an_epoch_its_own_scores_are_stale_too() -> None:
    """Three steps an epoch; both kinds of score come at its end, validation's at every second."""

    class Steps(pl.Callback):
        def __init__(self) -> None:
            self.fresh = FreshScores()
            self.stale: list[list[str]] = []

        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            keys = ("each", "of_train", "of_val", "never")
            self.stale += [[k for k in keys if self.fresh.are_stale(trainer, [k], by_step=True)]]
            self.fresh.taken(trainer)

        def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
            self.fresh.validated()

        def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
            self.fresh.epoch_ended(trainer)

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


def test_a_score_of_other_loaders_is_fresh_once() -> None:
    """Of five batches an epoch, the third of epoch 2 and the fifth of epoch 4 are behind one."""

    class Ends(Keeps):
        def __init__(self) -> None:
            super().__init__()
            self.known: list[bool] = []

        def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
            keys = ("of_val", "other/of_val", "other/never")
            self._keep(trainer)
            self.stale.append([key for key in keys if self.fresh.are_stale(trainer, [key])])
            self.known.append(self.fresh.are_all_known(trainer, ["other/never"]))
            self.fresh.epoch_ended(trainer)
            self.fresh.taken(trainer)

        def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None: ...

    ends = Ends()
    action = Validate(lambda: PlainData().val_dataloader(), "other")
    acts = OnEvent(action, "iteration_completed", once=[8, 20])
    trainer = pl.Trainer(**QUIET, max_epochs=4, callbacks=[acts, ends])
    trainer.fit(Keys(), PlainData())
    waiting, old = ["other/of_val", "other/never"], ["other/of_val"]
    assert ends.stale == [waiting, [], old, []]
    assert ends.known == [False, True, True, True]
    assert ["other/of_val" in new for new in ends.new] == [False, True, False, True]
    assert ends.fresh.are_of_validation(trainer, ["other/of_val"])
