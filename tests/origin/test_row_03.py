"""Row 3: ``run_validation(trainer): validator.run(val_loader)`` at ``EPOCH_COMPLETED``."""

from typing import Any

import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from ignite.engine import Events as IgniteEvents
from ignite.metrics import Accuracy
from origin.stock import QUIET
from origin.test_row_02 import Module, loader, model
from torch import Tensor, nn, optim

from lightning_kit.callbacks import EventHandlers, Events, OnEvent
from lightning_kit.callbacks.actions import Validate


def articles() -> list[tuple[int, float]]:
    said: list[tuple[int, float]] = []
    net, criterion = model(), nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=0.001)

    def train_step(engine: Engine, batch: Any) -> float:
        net.train()
        optimizer.zero_grad()
        loss = criterion(net(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return float(loss.item())

    def validation_step(engine: Engine, batch: Any) -> Any:
        net.eval()
        with torch.no_grad():
            x, y = batch
            return net(x), y

    trainer, validator = Engine(train_step), Engine(validation_step)
    Accuracy().attach(validator, "accuracy")

    @trainer.on(IgniteEvents.EPOCH_COMPLETED)
    def run_validation(trainer: Engine) -> None:
        validator.run(loader())
        said.append((trainer.state.epoch, validator.state.metrics["accuracy"]))

    trainer.run(loader(), max_epochs=5)
    return said


class Validated(Module):
    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        hits = self.net(batch[0]).argmax(1) == batch[1]
        self.log("val/accuracy", hits.float().mean(), batch_size=len(hits))


def test_a_validation_at_each_epochs_end() -> None:
    said: list[tuple[int, float]] = []
    events = EventHandlers()

    @events.on(Events.VALIDATION_COMPLETED)
    def tell(trainer: pl.Trainer) -> None:
        accuracy = float(trainer.callback_metrics["val/accuracy"])
        said.append((trainer.current_epoch + 1, accuracy))

    # The Trainer's own validation of this epoch never comes: the event runs it.
    trainer = pl.Trainer(
        **QUIET,
        max_epochs=5,
        check_val_every_n_epoch=9,
        num_sanity_val_steps=0,
        callbacks=[OnEvent(Validate(), "epoch_completed"), events],
    )
    trainer.fit(Validated(), loader(), loader())
    assert said == articles()
    assert said[-1][1] > said[0][1], "it learns"
