"""The steps at which Lightning logs."""

import pytest
import pytorch_lightning as pl
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
