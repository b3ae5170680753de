"""What a fit has logged, who did, and what a checkpoint keeps of it."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit import compat


class Logs(PlainModule):
    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        self.log("rough", 1.0, on_step=False, on_epoch=True)
        self.log("fine", 1.0, on_step=True, on_epoch=True)
        self.log("step", 1.0)
        return super().training_step(batch, batch_idx)

    def on_validation_epoch_end(self) -> None:
        self.log("rough", 2.0)


def test_a_key_is_known_by_who_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    trainer = pl.Trainer(**QUIET, max_epochs=1)
    trainer.fit(Logs(), PlainData())
    keys = compat.logged_keys(trainer)
    assert keys.validation == keys.own_validation == {"rough", "val/loss"}
    assert keys.steps == {"fine", "fine_step", "step"}
    assert keys.epochs == compat.keys_of_epochs(trainer) == {"rough", "fine_epoch", "train/loss"}
    assert keys.own_epochs == {"rough", "fine", "fine_epoch", "train/loss"}
    trainer.fit_loop.epoch_loop._results = None  # type: ignore[assignment]
    assert compat.keys_of_epochs(trainer) == set()
    assert "no key is known by who logs it" in caplog.text


def test_a_checkpoint_keeps_scores_once_and_none_is_written_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = pl.Trainer(**QUIET, max_epochs=1)
    before.fit(Logs(), PlainData())
    checkpoint: dict[str, Any] = {}
    compat.keep_scores(before, checkpoint)
    kept = compat.kept_scores(checkpoint)
    compat.keep_scores(before, checkpoint)
    assert kept is not None
    assert compat.kept_scores(checkpoint) is kept
    assert compat.kept_scores({}) is None

    class Validates(pl.Trainer):
        enable_validation = property(lambda self: True)

    trainer = Validates(**QUIET)
    trainer.callback_metrics["step"] = torch.tensor(7.0)
    compat.put_back_scores(trainer, kept)
    assert trainer.callback_metrics == {**before.callback_metrics, "step": 7.0}
    was, now = compat.logged_keys(before), compat.logged_keys(trainer)
    assert (now.validation, now.steps, now.epochs) == (was.validation, was.steps, was.epochs)
    assert not now.own_validation | now.own_epochs

    class Copies(Validates):
        callback_metrics = property(lambda self: {})

    compat.put_back_scores(Copies(**QUIET), kept)
    assert "scores of before the resume are lost: fine" in caplog.text


def test_scores_of_validation_alone_are_not_put_back_where_none_can_come() -> None:
    before = pl.Trainer(**QUIET, max_epochs=1)
    before.fit(Logs(), PlainData())
    checkpoint: dict[str, Any] = {}
    compat.keep_scores(before, checkpoint)
    kept = compat.kept_scores(checkpoint)
    assert kept is not None
    trainer = pl.Trainer(**QUIET, limit_val_batches=0)
    compat.put_back_scores(trainer, kept)
    assert before.callback_metrics.keys() - trainer.callback_metrics.keys() == {"val/loss"}
    assert compat.logged_keys(trainer).validation == {"rough"}


def test_a_checkpoint_of_a_validation_apart_keeps_the_scores_of_before() -> None:
    checkpoints: list[dict[str, Any]] = []

    class Apart(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            compat.validate_apart(trainer, PlainData().val_dataloader(), "other")

        def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
            if trainer.fit_loop.epoch_loop.val_loop is not self.val_loop:
                checkpoints.append({})
                compat.keep_scores(trainer, checkpoints[-1])
                assert "validation" not in compat.hooks_under_way(trainer)

        def on_fit_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
            self.val_loop = trainer.fit_loop.epoch_loop.val_loop

    trainer = pl.Trainer(**QUIET, max_epochs=1, limit_train_batches=2, callbacks=[Apart()])
    trainer.fit(Logs(), PlainData())
    first, second = (compat.kept_scores(each) for each in checkpoints)
    assert first is not None
    assert second is not None
    assert first["values"].keys() == {"fine", "fine_step", "step"}
    assert second["values"].keys() > first["values"].keys()
    assert "other/rough" in second["values"]
