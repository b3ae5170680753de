"""Row 37: ``class CustomTrainer: _setup_metrics, _setup_handlers``: metrics, handlers: its own."""

from typing import Any

import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from ignite.engine import Events as IgniteEvents
from ignite.handlers import EarlyStopping as IgniteEarlyStopping
from ignite.metrics import Accuracy, RunningAverage
from origin.stock import QUIET
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics.classification import MulticlassAccuracy

from lightning_kit.callbacks import EarlyStopping, EventHandlers, Events, RunningAverages

GENERATOR = torch.Generator().manual_seed(3)
ROWS = TensorDataset(
    torch.randn(48, 6, generator=GENERATOR), torch.randint(0, 3, (48,), generator=GENERATOR)
)
Said = list[tuple[int, float, float]]


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(6, 3)


def loader() -> DataLoader[tuple[Tensor, ...]]:
    return DataLoader(ROWS, batch_size=8)


class CustomTrainer:
    """The article's shape: an engine whose class sets up metrics and handlers."""

    def __init__(self) -> None:
        self.model, self.criterion = model(), nn.CrossEntropyLoss()
        self.optimizer = optim.SGD(self.model.parameters(), lr=1.0)
        self.trainer, self.evaluator = Engine(self._train_step), Engine(self._val_step)
        self.said: Said = []
        self._setup_metrics()
        self._setup_handlers()

    def _train_step(self, engine: Engine, batch: Any) -> dict[str, float]:
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(batch[0]), batch[1])
        loss.backward()
        self.optimizer.step()
        return {"loss": loss.item()}

    def _val_step(self, engine: Engine, batch: Any) -> Any:
        with torch.no_grad():
            return self.model(batch[0]), batch[1]

    def _setup_metrics(self) -> None:
        loss = RunningAverage(output_transform=lambda output: output["loss"])
        loss.attach(self.trainer, "running_loss")
        Accuracy().attach(self.evaluator, "accuracy")

    def _setup_handlers(self) -> None:
        stopping = IgniteEarlyStopping(
            patience=2,
            score_function=lambda engine: engine.state.metrics["accuracy"],
            trainer=self.trainer,
        )
        self.evaluator.add_event_handler(IgniteEvents.COMPLETED, stopping)

        @self.trainer.on(IgniteEvents.EPOCH_COMPLETED)
        def log_epoch(engine: Engine) -> None:
            accuracy = self.evaluator.run(loader()).metrics["accuracy"]
            self.said.append((engine.state.epoch, engine.state.metrics["running_loss"], accuracy))


class CustomModule(pl.LightningModule):
    """The kit's shape: a module that brings its metrics and its callbacks along."""

    def __init__(self) -> None:
        super().__init__()
        self.model, self.criterion = model(), nn.CrossEntropyLoss()
        self.said: Said = []
        self._setup_metrics()

    def _setup_metrics(self) -> None:
        self.accuracy = MulticlassAccuracy(3, average="micro")
        self.running = RunningAverages()

    def configure_callbacks(self) -> list[pl.Callback]:
        events = EventHandlers()

        @events.on(Events.EPOCH_COMPLETED)
        def log_epoch(trainer: pl.Trainer) -> None:
            accuracy = float(trainer.callback_metrics["val/accuracy"])
            self.said.append((trainer.current_epoch + 1, self.running.averages["loss"], accuracy))

        stopping = EarlyStopping("val/accuracy", patience=2, preset="ignite")
        return [self.running, events, stopping]

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss: Tensor = self.criterion(self.model(batch[0]), batch[1])
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.accuracy(self.model(batch[0]), batch[1])
        self.log("val/accuracy", self.accuracy)

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.SGD(self.parameters(), lr=1.0)


def test_a_module_that_sets_up_its_own_metrics_and_handlers() -> None:
    articles, kits = CustomTrainer(), CustomModule()
    articles.trainer.run(loader(), max_epochs=20)
    pl.Trainer(**QUIET, max_epochs=20).fit(kits, loader(), loader())
    # Stopped by patience, long before the end.
    assert 2 < len(articles.said) < 20
    torch.testing.assert_close(kits.said, articles.said, rtol=1e-6, atol=0)
    torch.testing.assert_close(kits.model.state_dict(), articles.model.state_dict(), rtol=0, atol=0)
