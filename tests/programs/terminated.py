"""A callback in one of whose hooks the process gets a signal, in one epoch."""

import os
import signal
from typing import Any

import pytorch_lightning as pl


class Terminated(pl.Callback):
    """Send ``name`` in ``where``: a hook after the last training batch of ``epoch`` (1-based)."""

    def __init__(self, where: str, name: str = "SIGTERM", epoch: int = 2) -> None:
        self.where, self.name, self.epoch = where, name, epoch

    def on_validation_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        if trainer.fit_loop.epoch_loop.val_loop.batch_progress.current.ready == 2:
            self._send(trainer, "on_validation_batch_end")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._send(trainer, "on_validation_end")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._send(trainer, "on_train_epoch_end")

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._send(trainer, "on_train_end")

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._send(trainer, "on_fit_end")

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._send(trainer, "teardown")

    def _send(self, trainer: pl.Trainer, where: str) -> None:
        number = signal.Signals[self.name]
        if where != self.where or trainer.sanity_checking or trainer.state.fn != "fit":
            return
        progress: Any = trainer.fit_loop.epoch_progress
        assert signal.getsignal(number) != signal.SIG_DFL, "it would end the tests too"
        if progress.current.ready == self.epoch:
            os.kill(os.getpid(), number)
