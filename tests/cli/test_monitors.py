"""A monitored key that is never logged ends the first epoch."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from conftest import Run
from programs.plain import PlainData, PlainModule
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint

from lightning_kit.callbacks import OnEvent
from lightning_kit.callbacks.actions import Validate
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


class Scheduled(PlainModule):
    """Hands Lightning a key beside a schedule that reads none."""

    def __init__(self, monitor: str) -> None:
        super().__init__()
        self.monitor = monitor

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
        settings = {"scheduler": schedule, "monitor": self.monitor}
        return {"optimizer": optimizer, "lr_scheduler": settings}


def test_a_key_beside_a_schedule_that_reads_none_must_be_logged() -> None:
    assert fit(module=Scheduled("val/loss"), enable_checkpointing=False) == 2
    with pytest.raises(InputError, match="'val/los' is never logged: did you mean val/loss"):
        fit(module=Scheduled("val/los"), enable_checkpointing=False)


def test_it_ends_no_fit_that_has_no_validation() -> None:
    assert fit(module=Scheduled("val/loss"), limit_val_batches=0) == 2


def other_rows() -> Any:
    return PlainData().val_dataloader()


def apart(**when: Any) -> OnEvent:
    return OnEvent(Validate(other_rows, prefix="other"), "epoch_completed", **when)


@pytest.mark.filterwarnings("ignore:`ModelCheckpoint.*could not find the monitored key")
def test_a_key_of_a_validation_on_other_loaders_is_waited_for() -> None:
    watched = ModelCheckpoint(monitor="other/val/loss", every_n_epochs=2)
    assert fit(watched, apart(every=2)) == 2


@pytest.mark.filterwarnings("ignore:`ModelCheckpoint.*could not find the monitored key")
def test_a_key_that_it_does_not_log_is_not() -> None:
    with pytest.raises(InputError, match="'other/val/los' is never logged"):
        fit(ModelCheckpoint(monitor="other/val/los", every_n_epochs=2), apart(every=2))


@pytest.mark.filterwarnings("ignore:`ModelCheckpoint.*could not find the monitored key")
def test_a_validation_on_other_loaders_that_never_came_is_told_at_the_end() -> None:
    with pytest.raises(InputError, match="'other/val/loss' is never logged"):
        fit(ModelCheckpoint(monitor="other/val/loss", every_n_epochs=9), apart(once=9))


def test_check_runs_a_validation_on_other_loaders(
    kit: Run, recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.syspath_prepend(".")
    Path("others.py").write_text(
        "from programs.plain import PlainData\nrows = PlainData().val_dataloader\n"
    )
    action = {"dataloaders": "others.rows", "prefix": "other"}
    on_event = {
        "class_path": "OnEvent",
        "init_args": {
            "action": {"class_path": "Validate", "init_args": action},
            "event": "iteration_completed",
            "every": 5,
        },
    }
    stopping = {"class_path": "EarlyStopping", "init_args": {"monitor": "other/val/loss"}}
    Path("over.yaml").write_text(yaml.dump({"trainer": {"callbacks+": [on_event, stopping]}}))
    assert kit("check", "-c", recipe, "-c", "over.yaml") == 0, capsys.readouterr().err
    assert kit("check", "-c", recipe, "-c", "over.yaml", "--callbacks.OnEvent=null") == 2
    assert "'other/val/loss' is never logged" in capsys.readouterr().err
