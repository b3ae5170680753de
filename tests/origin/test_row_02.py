"""Row 2: ``trainer=Engine(train_step)``, ``log_training_results``: the loss at an epoch's end."""

from typing import Any

import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from ignite.engine import Events as IgniteEvents
from origin.stock import QUIET
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, TensorDataset

from lightning_kit.callbacks import EventHandlers, Events
from lightning_kit.callbacks.last_outputs import last_outputs


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(28 * 28, 10)


def loader() -> DataLoader[tuple[Tensor, ...]]:
    generator = torch.Generator().manual_seed(3)
    pixels = torch.randn(64, 28 * 28, generator=generator)
    return DataLoader(
        TensorDataset(pixels, torch.randint(0, 10, (64,), generator=generator)), batch_size=32
    )


def articles() -> list[str]:
    said: list[str] = []
    net, criterion = model(), nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=0.001)

    def train_step(engine: Engine, batch: Any) -> float:
        net.train()
        x, y = batch
        optimizer.zero_grad()
        y_hat = net(x)
        loss = criterion(y_hat, y)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    trainer = Engine(train_step)

    @trainer.on(IgniteEvents.EPOCH_COMPLETED)
    def log_training_results(engine: Engine) -> None:
        said.append(f"Epoch {engine.state.epoch} completed with loss: {engine.state.output}")

    trainer.run(loader(), max_epochs=5)
    return said


class Module(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = model()

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.Adam(self.parameters(), lr=0.001)


def test_each_epoch_ends_with_the_loss_of_its_last_batch() -> None:
    said: list[str] = []
    events = EventHandlers()

    @events.on(Events.EPOCH_COMPLETED)
    def log_training_results(trainer: pl.Trainer) -> None:
        loss = float(last_outputs(trainer)["loss"])
        said.append(f"Epoch {trainer.current_epoch + 1} completed with loss: {loss}")

    pl.Trainer(**QUIET, max_epochs=5, callbacks=[events]).fit(Module(), loader())
    assert said == articles()
    assert len(said) == 5
