"""Callbacks as the article writes them."""

import pytorch_lightning as pl


class CustomCallback(pl.Callback):
    """Say when training starts and ends."""

    said: list[str] = []  # noqa: RUF012 - what every instance said, for the test to read

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.said.append("started")

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.said.append("ended")
