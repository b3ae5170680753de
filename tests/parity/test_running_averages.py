"""Ignite's running averages beside the kit's at every iteration, in all usages."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events
from ignite.metrics import Average, RunningAverage
from ignite.metrics.metric import (
    BatchFiltered,
    MetricUsage,
    RunningBatchWise,
    RunningEpochWise,
    SingleEpochRunningBatchWise,
)
from origin.stock import QUIET
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from lightning_kit.callbacks import RunningAverages
from lightning_kit.callbacks.running_averages import Usage
from lightning_kit.meters import EventFilter

EPOCHS = 3
GENERATOR = torch.Generator().manual_seed(0)
ROWS = TensorDataset(torch.randn(28, 4, generator=GENERATOR), torch.arange(28) % 3)
# Two and a third windows of three batches: 7 batches an epoch.
LOADER = DataLoader(ROWS, batch_size=4)


def net() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 3)


def ignite(usage: MetricUsage, *, source: bool, accumulated: int = 1) -> list[float | None]:
    """Return what Ignite has after each iteration; ``source`` averages a metric, not an output."""
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def update(engine: Engine, batch: Any) -> float:
        first = (engine.state.iteration - 1) % len(LOADER) % accumulated == 0
        if first:
            optimizer.zero_grad()
        loss = functional.cross_entropy(model(batch[0]), batch[1])
        torch.autograd.backward(loss / accumulated)
        done = (engine.state.iteration - 1) % len(LOADER) + 1
        # As Lightning does: an epoch's last window is stepped, full or not.
        if done % accumulated == 0 or done == len(LOADER):
            optimizer.step()
        return loss.item()

    engine = Engine(update)
    if source:
        metric = RunningAverage(Average(), alpha=0.9)
    else:
        metric = RunningAverage(output_transform=lambda loss: loss, alpha=0.9)
    metric.attach(engine, "average", usage=usage)
    seen: list[float | None] = []
    by_epoch = isinstance(usage, RunningEpochWise | BatchFiltered)
    event = Events.EPOCH_COMPLETED if by_epoch else Events.ITERATION_COMPLETED
    engine.add_event_handler(event, lambda: seen.append(float(engine.state.metrics["average"])))
    engine.run(LOADER, max_epochs=EPOCHS)
    return seen


class Module(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = net()

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return functional.cross_entropy(self.net(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.5)


class Record(pl.Callback):
    def __init__(self, part: RunningAverages) -> None:
        self.part = part
        self.by_batch: list[float | None] = []
        self.by_epoch: list[float | None] = []

    def on_train_batch_end(self, *args: Any) -> None:
        self.by_batch.append(self.part.averages.get("loss"))

    def on_train_epoch_end(self, *args: Any) -> None:
        self.by_epoch.append(self.part.averages.get("loss"))


def kit(usage: Usage, filter: EventFilter | None = None, **trainer: Any) -> Record:
    part = RunningAverages(alpha=0.9, usage=usage, filter=filter)
    record = Record(part)
    pl.Trainer(**QUIET, max_epochs=EPOCHS, callbacks=[part, record], **trainer).fit(
        Module(), LOADER
    )
    return record


@pytest.mark.parametrize("accumulated", [1, 3])
@pytest.mark.parametrize("source", [True, False])
@pytest.mark.parametrize(
    ("usage", "theirs"), [("run", RunningBatchWise), ("epoch", SingleEpochRunningBatchWise)]
)
def test_at_every_iteration(
    usage: Usage, theirs: type[MetricUsage], source: bool, accumulated: int
) -> None:
    made: Any = theirs
    reference = ignite(made(), source=source, accumulated=accumulated)
    record = kit(usage, accumulate_grad_batches=accumulated)
    torch.testing.assert_close(record.by_batch, reference, rtol=1e-6, atol=0)
    assert len(reference) == 7 * EPOCHS


def test_over_epochs() -> None:
    reference = ignite(RunningEpochWise(), source=True)
    torch.testing.assert_close(kit("epochwise").by_epoch, reference, rtol=1e-6, atol=0)
    assert len(set(reference)) == EPOCHS


def test_of_picked_iterations() -> None:
    reference = ignite(BatchFiltered(every=2), source=False)
    record = kit("epoch", EventFilter(every=2))
    torch.testing.assert_close(record.by_epoch, reference, rtol=1e-6, atol=0)


def test_deliberate_an_epoch_is_its_mean_not_its_last_batch() -> None:
    """Without a metric Ignite averages the last batch's output over epochs."""
    reference = ignite(RunningEpochWise(), source=False)
    record = kit("epochwise")
    with pytest.raises(AssertionError):
        torch.testing.assert_close(record.by_epoch, reference, rtol=1e-3, atol=0)
