"""Callbacks that write through the run: one stops a fit, one tells something."""

from typing import Any

import pytorch_lightning as pl

from lightning_kit.runs.run_events import RunEvents
from lightning_kit.runs.stopping import stop


class Stopper(pl.Callback):
    """Stop after the first batch."""

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        stop(trainer, "enough")


class Teller(pl.Callback):
    """Write one event at the end."""

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.events = RunEvents.of(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.events.append("verdict", fine=True)
