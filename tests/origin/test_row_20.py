"""Row 20: ``log_multiple_metrics``: loss and learning rate to all loggers, each iteration."""

import csv
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from ignite.engine import Events as IgniteEvents
from origin.stock import QUIET
from origin.test_row_02 import Module, loader, model
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-untyped]
    EventAccumulator,
)
from torch import Tensor, nn, optim

from lightning_kit.callbacks import OnEvent
from lightning_kit.callbacks.actions import LogLearningRate

Rows = list[tuple[float, float]]


def articles() -> Rows:
    said: Rows = []
    net, criterion = model(), nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=0.001)
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

    def train_step(engine: Engine, batch: Any) -> float:
        optimizer.zero_grad()
        loss = criterion(net(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return float(loss.item())

    trainer = Engine(train_step)

    @trainer.on(IgniteEvents.ITERATION_COMPLETED)
    def log_multiple_metrics(engine: Engine) -> None:
        said.append((float(engine.state.output or 0), optimizer.param_groups[0]["lr"]))

    trainer.add_event_handler(IgniteEvents.EPOCH_COMPLETED, lambda engine: schedule.step())
    trainer.run(loader(), max_epochs=3)
    return said


class Logged(Module):
    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        loss = super().training_step(batch, batch_idx)
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self) -> Any:
        optimizer = super().configure_optimizers()
        return [optimizer], [optim.lr_scheduler.ExponentialLR(optimizer, 0.5)]


def columns(folder: Path) -> Rows:
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = ([float(row[key]) for row in rows if row[key]] for key in ("train/loss", "lr"))
    return list(zip(*found, strict=True))


def scalars(folder: Path) -> Rows:
    events = EventAccumulator(str(folder))
    events.Reload()
    found = ([one.value for one in events.Scalars(key)] for key in ("train/loss", "lr"))
    return list(zip(*found, strict=True))


def test_loss_and_rate_reach_both_loggers_at_each_iteration(tmp_path: Path) -> None:
    loggers = [CSVLogger(tmp_path / "csv"), TensorBoardLogger(tmp_path / "tb")]
    trainer = pl.Trainer(
        **{**QUIET, "logger": loggers},
        max_epochs=3,
        log_every_n_steps=1,
        # At the start, for Lightning's schedule of the epoch steps within its last iteration.
        callbacks=[OnEvent(LogLearningRate("lr"), "iteration_started")],
    )
    trainer.fit(Logged(), loader())
    wanted = torch.tensor(articles())
    assert len(wanted) == 6
    for found in (columns(Path(str(loggers[0].log_dir))), scalars(Path(str(loggers[1].log_dir)))):
        torch.testing.assert_close(torch.tensor(found), wanted)
