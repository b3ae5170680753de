"""A monitored key that is never logged ends the first epoch."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.plain import PlainData, PlainModule
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.monitors import MonitorCheck


def fit(*callbacks: pl.Callback, module: PlainModule | None = None, **over: Any) -> int:
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[*callbacks, MonitorCheck()],
        **over,
    )
    trainer.fit(module or PlainModule(), datamodule=PlainData())
    return trainer.current_epoch


@pytest.mark.filterwarnings("ignore:`ModelCheckpoint.*could not find the monitored key")
def test_a_checkpoint_that_would_save_nothing() -> None:
    with pytest.raises(InputError, match="'val/los' is never logged; logged: train/loss"):
        fit(ModelCheckpoint(monitor="val/los"), limit_val_batches=0)


@pytest.mark.filterwarnings("ignore:`ModelCheckpoint.*could not find the monitored key")
def test_a_validation_that_never_runs_logs_nothing() -> None:
    with pytest.raises(InputError, match="'val/loss' is never logged: did you mean train/loss"):
        fit(ModelCheckpoint(monitor="val/loss"), check_val_every_n_epoch=10)


class LateModule(PlainModule):
    def on_train_epoch_end(self) -> None:
        self.log("train/end", 1.0)


def test_a_key_logged_at_the_very_end_of_an_epoch_counts() -> None:
    trainer_callbacks = [ModelCheckpoint(monitor="train/end", save_on_train_epoch_end=True)]
    assert fit(*trainer_callbacks, module=LateModule()) == 2


def test_strict_false_may_be_absent() -> None:
    assert fit(EarlyStopping("later", strict=False), ModelCheckpoint()) == 2


def test_epoch_and_step_are_always_there() -> None:
    assert fit(ModelCheckpoint(monitor="step", mode="max")) == 2


def test_without_validation_the_training_keys_count() -> None:
    assert fit(ModelCheckpoint(monitor="train/loss"), limit_val_batches=0) == 2


def test_a_key_that_comes_with_a_later_validation_is_waited_for() -> None:
    checkpoint = ModelCheckpoint(monitor="val/loss", every_n_epochs=2)
    assert fit(checkpoint, check_val_every_n_epoch=2) == 2
