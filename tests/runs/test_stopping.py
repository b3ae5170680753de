"""A stop and its reason."""

import json
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import yaml
from conftest import Run
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit.runs.stopping import is_out_of_limits, is_over, stop, stop_reason, why_stopped


class StopAt(pl.Callback):
    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        for reason in self.reasons:
            stop(trainer, reason)


def test_the_first_reason_is_kept_and_a_new_fit_forgets_it() -> None:
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=[StopAt("first", "second")])
    assert stop_reason(trainer) is None
    trainer.fit(PlainModule(), datamodule=PlainData())
    assert (trainer.global_step, stop_reason(trainer)) == (1, "first")

    trainer.should_stop = False
    assert stop_reason(trainer) is None
    stop(trainer, "third")
    assert stop_reason(trainer) == "third"


class Asks(pl.Callback):
    """Ask in each epoch's last hook but those of Lightning's end, and in its end."""

    def __init__(self) -> None:
        self.found: list[bool] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.found.append(is_over(trainer))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.found.append(is_over(trainer))


@pytest.mark.parametrize("limit", [{"max_epochs": 2}, {"max_epochs": -1, "max_steps": 10}])
def test_a_fit_is_over_behind_its_last_epoch(limit: dict[str, int]) -> None:
    asks = Asks()
    trainer = pl.Trainer(**{**QUIET, **limit}, callbacks=[asks])
    assert not is_over(trainer)
    trainer.fit(PlainModule(), datamodule=PlainData())
    assert asks.found == [False, False, True]
    assert is_out_of_limits(trainer)


def test_a_stopped_fit_is_over_within_its_limits() -> None:
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=[StopAt("enough")])
    trainer.fit(PlainModule(), datamodule=PlainData())
    assert is_over(trainer)
    assert not is_out_of_limits(trainer)
    assert why_stopped(trainer) == "enough"


def test_the_reason_reaches_the_record(kit: Run, plain_recipe: dict[str, Any]) -> None:
    plain_recipe["trainer"]["callbacks"] = [{"class_path": "programs.stopper.Stopper"}]
    Path("small.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "small.yaml") == 0
    record = json.loads(Path("runs/small/latest/run.json").read_text())
    assert (record["status"], record["stop_reason"]) == ("stopped", "enough")
