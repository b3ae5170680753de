"""The steps at which Lightning logs."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit import compat


def test_a_batch_whose_values_lightning_logs(caplog: pytest.LogCaptureFixture) -> None:
    class Listen(pl.Callback):
        def __init__(self) -> None:
            self.said: list[bool] = []

        def on_train_batch_end(self, trainer: pl.Trainer, *args: object) -> None:
            self.said.append(compat.logs_this_batch(trainer))

    listen = Listen()
    trainer = pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        max_epochs=1,
        log_every_n_steps=2,
        callbacks=[listen],
    )
    trainer.fit(PlainModule(), PlainData())
    assert listen.said == [False, True, False, True, False]
    del trainer.fit_loop.epoch_loop._batches_that_stepped
    assert not compat.logs_this_batch(trainer)
    assert "does not count its log steps" in caplog.text


def test_scores_are_put_back_but_none_is_written_over(caplog: pytest.LogCaptureFixture) -> None:
    trainer = pl.Trainer(accelerator="cpu", logger=False)
    trainer.callback_metrics["new"] = torch.tensor(2.0)
    assert compat.put_back_scores(trainer, {"new": torch.tensor(1.0), "old": torch.tensor(1.0)})
    assert trainer.callback_metrics == {"new": 2.0, "old": 1.0}
    assert compat.times_apart(trainer) == {"new": 0, "old": 0}

    class Copies:
        callback_metrics = property(lambda self: {})
        strategy = trainer.strategy

    copies: Any = Copies()
    assert not compat.put_back_scores(copies, {"old": torch.tensor(1.0)})
    assert "scores of before the resume are lost: old" in caplog.text


def test_keys_that_training_logs_at_an_epochs_end_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Logs(PlainModule):
        def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            self.log("rough", 1.0, on_step=False, on_epoch=True)
            self.log("fine", 1.0, on_step=True, on_epoch=True)
            self.log("step", 1.0)
            return super().training_step(batch, batch_idx)

    trainer = pl.Trainer(**QUIET, max_epochs=1)
    trainer.fit(Logs(), PlainData())
    assert compat.keys_of_epochs(trainer) == {"rough", "train/loss"}
    trainer.fit_loop.epoch_loop._results = None  # type: ignore[assignment]
    assert compat.keys_of_epochs(trainer) == set()
    assert "no key is known as an epoch's" in caplog.text
