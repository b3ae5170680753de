"""Ignite's schedulers beside the kit's: the value at each batch, and the weights afterwards."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events
from ignite.handlers import (
    ConcatScheduler,
    CosineAnnealingScheduler,
    LinearCyclicalScheduler,
    ParamGroupScheduler,
    PiecewiseLinear,
    create_lr_scheduler_with_warmup,
)
from ignite.handlers.param_scheduler import BatchSizeScheduler
from ignite.handlers.state_param_scheduler import ExpStateScheduler, LambdaStateScheduler
from origin.stock import QUIET
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from lightning_kit.callbacks import ParamScheduler
from lightning_kit.meters import EventFilter
from lightning_kit.schedules import Concat, Cosine, Exponential, Linear, Piecewise, Warmup

EPOCHS, BATCHES = 3, 6
EPOCH: Any = "epoch_started"
GENERATOR = torch.Generator().manual_seed(0)
ROWS = TensorDataset(torch.randn(24, 4, generator=GENERATOR), torch.arange(24) % 3)


class Net(nn.Module):
    """Two groups of parameters."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = nn.Linear(4, 5), nn.Linear(5, 3)

    def forward(self, input: Tensor) -> Tensor:
        logits: Tensor = self.head(torch.tanh(self.body(input)))
        return logits

    def optimizer(self) -> torch.optim.Optimizer:
        groups = [{"params": part.parameters()} for part in (self.body, self.head)]
        return torch.optim.SGD(groups, lr=0.5, momentum=0.5)


class Data(pl.LightningDataModule):
    def __init__(self, batch_size: int = 4) -> None:
        super().__init__()
        self.batch_size = batch_size

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(ROWS, batch_size=self.batch_size)


class Module(pl.LightningModule):
    """Keep what its optimizer's groups hold, and its batch's size, at each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Net()
        self.temperature = 1.0
        self.seen: list[Any] = []

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        groups = self.trainer.optimizers[0].param_groups
        rates = [(group["lr"], group["momentum"]) for group in groups]
        self.seen.append((rates, len(batch[0]), self.temperature))
        return functional.cross_entropy(self.net(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.net.optimizer()


def ignite(attach: Callable[[Engine, torch.optim.Optimizer, DataLoader[Any]], Any]) -> Any:
    """Return what Ignite saw at each batch, and the weights."""
    net = Net()
    optimizer, loader = net.optimizer(), DataLoader(ROWS, batch_size=4)
    seen: list[Any] = []

    def update(engine: Engine, batch: Any) -> None:
        rates = [(group["lr"], group["momentum"]) for group in optimizer.param_groups]
        seen.append((rates, len(batch[0]), getattr(engine.state, "temperature", 1.0)))
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(batch[0]), batch[1])
        torch.autograd.backward(loss)
        optimizer.step()

    engine = Engine(update)
    attach(engine, optimizer, loader)
    engine.run(loader, max_epochs=EPOCHS)
    return seen, net.state_dict()


def kit(parts: Iterable[pl.Callback], **trainer: Any) -> Any:
    module = Module()
    options = {**QUIET, "max_epochs": EPOCHS, "callbacks": list(parts), **trainer}
    pl.Trainer(**options).fit(module, Data())
    return module.seen, module.net.state_dict()


def same(left: Any, right: Any, **tolerance: float) -> None:
    (seen, weights), (kits, kit_weights) = left, right
    assert len(seen) == len(kits)
    torch.testing.assert_close(kits, seen, rtol=tolerance.get("rtol", 0), atol=0)
    if not tolerance:
        torch.testing.assert_close(dict(kit_weights), dict(weights), rtol=0, atol=0)


def cosine(optimizer: Any) -> Any:
    return CosineAnnealingScheduler(optimizer, "lr", 0.5, 0.1, 6)


def linear(optimizer: Any, **options: Any) -> Any:
    return LinearCyclicalScheduler(optimizer, "lr", 0.5, 0.1, 8, **options)


PAIRS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "linear": (linear, Linear(0.5, 0.1, 8)),
    "linear, growing": (
        lambda o: linear(o, cycle_mult=1.5, start_value_mult=0.5, end_value_mult=0.5),
        Linear(0.5, 0.1, 8, cycle_mult=1.5, start_mult=0.5, end_mult=0.5),
    ),
    "ramp": (
        lambda o: linear(o, monotonic=True, warmup_duration=2),
        Linear(0.5, 0.1, 8, monotonic=True, warmup=2),
    ),
    "cosine": (cosine, Cosine(0.5, 0.1, 6)),
    "piecewise": (
        lambda o: PiecewiseLinear(o, "lr", [(2, 0.5), (9, 0.1), (12, 0.3)]),
        Piecewise([(2, 0.5), (9, 0.1), (12, 0.3)]),
    ),
    "concat": (
        lambda o: ConcatScheduler([linear(o), cosine(o)], [7]),
        Concat([Linear(0.5, 0.1, 8), Cosine(0.5, 0.1, 6)], [7]),
    ),
    "warm-up": (
        lambda o: create_lr_scheduler_with_warmup(cosine(o), 0.0, 5),
        Warmup(Cosine(0.5, 0.1, 6), 0.0, 5),
    ),
    "warm-up to its own end": (
        lambda o: create_lr_scheduler_with_warmup(cosine(o), 0.0, 5, warmup_end_value=0.8),
        Warmup(Cosine(0.5, 0.1, 6), 0.0, 5, end=0.8),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_the_rate_at_each_batch(name: str) -> None:
    theirs, ours = PAIRS[name]
    reference = ignite(
        lambda engine, optimizer, loader: engine.add_event_handler(
            Events.ITERATION_STARTED, theirs(optimizer)
        )
    )
    found = kit([ParamScheduler("optimizer.lr", ours)])
    # Ignite adds up a ramp's steps in another order: rates within one unit in the last place.
    same(reference, found, rtol=1e-14)
    torch.testing.assert_close(dict(found[1]), dict(reference[1]), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["cosine", "linear"])
def test_weights_are_equal_bit_for_bit(name: str) -> None:
    theirs, ours = PAIRS[name]
    reference = ignite(
        lambda engine, optimizer, loader: engine.add_event_handler(
            Events.ITERATION_STARTED, theirs(optimizer)
        )
    )
    same(reference, kit([ParamScheduler("optimizer.lr", ours)]))


def test_groups_and_another_parameter_each_with_its_schedule() -> None:
    def attach(engine: Engine, optimizer: Any, loader: Any) -> None:
        parts: list[Any] = [
            CosineAnnealingScheduler(optimizer, "lr", 0.5, 0.1, 6, param_group_index=0),
            LinearCyclicalScheduler(optimizer, "momentum", 0.9, 0.5, 8, param_group_index=1),
        ]
        handler = ParamGroupScheduler(parts, names=["body", "head"])
        engine.add_event_handler(Events.ITERATION_STARTED, handler)

    parts = [
        ParamScheduler("optimizer.lr", Cosine(0.5, 0.1, 6), groups=[0]),
        ParamScheduler("optimizer.0.momentum", Linear(0.9, 0.5, 8), groups=[1]),
    ]
    same(ignite(attach), kit(parts))


def test_by_epoch_and_by_filter() -> None:
    def attach(engine: Engine, optimizer: Any, loader: Any) -> None:
        engine.add_event_handler(Events.EPOCH_STARTED, cosine(optimizer))
        momentum = LinearCyclicalScheduler(optimizer, "momentum", 0.9, 0.5, 8)
        engine.add_event_handler(Events.ITERATION_STARTED(every=3, after=2), momentum)

    parts = [
        ParamScheduler("optimizer.lr", Cosine(0.5, 0.1, 6), EPOCH),
        ParamScheduler(
            "optimizer.momentum", Linear(0.9, 0.5, 8), filter=EventFilter(every=3, after=2)
        ),
    ]
    same(ignite(attach), kit(parts))


def test_under_accumulation_every_batch_has_its_value() -> None:
    seen, _ = kit([ParamScheduler("optimizer.lr", Cosine(0.5, 0.1, 6))], accumulate_grad_batches=2)
    reference, _ = ignite(
        lambda engine, optimizer, loader: engine.add_event_handler(
            Events.ITERATION_STARTED, cosine(optimizer)
        )
    )
    assert seen == reference


def test_a_batch_size_by_epoch() -> None:
    def attach(engine: Engine, optimizer: Any, loader: Any) -> None:
        # An epoch keeps its length in Ignite, so 24 rows are read for sizes up to 4 only.
        handler = BatchSizeScheduler(loader, lambda k: 4 - k)
        engine.add_event_handler(Events.EPOCH_STARTED, handler)

    part = ParamScheduler("datamodule.batch_size", lambda k: 4 - k, EPOCH)
    seen, _ = kit([part], reload_dataloaders_every_n_epochs=1)
    sizes = [size for _, size, _ in seen]
    assert sizes == [4] * 6 + [3] * 8 + [2] * 12
    reference, _ = ignite(attach)
    assert [size for _, size, _ in reference] == [4] * 6 + [3] * 6 + [2] * 6


def test_deliberate_a_smaller_batch_size_drops_no_rows() -> None:
    part = ParamScheduler("datamodule.batch_size", lambda k: 4 - k, EPOCH)
    seen, _ = kit([part], reload_dataloaders_every_n_epochs=1)
    # 24 rows an epoch; Ignite keeps the first epoch's six batches, 18 and 12 rows.
    assert sum(size for _, size, _ in seen) == 3 * 24


def test_deliberate_a_batch_size_that_is_not_whole_is_rounded() -> None:
    size: Any = lambda k: 3.6  # noqa: E731 - Ignite's type asks for whole numbers

    def attach(engine: Engine, optimizer: Any, loader: Any) -> None:
        engine.add_event_handler(Events.EPOCH_STARTED, BatchSizeScheduler(loader, size))

    with pytest.raises(ValueError, match="positive integer"):
        ignite(attach)
    part = ParamScheduler("datamodule.batch_size", size, EPOCH)
    seen, _ = kit([part], reload_dataloaders_every_n_epochs=1)
    assert {size for _, size, _ in seen} == {4}


def temperatures(handler: Any) -> list[float]:
    def attach(engine: Engine, optimizer: Any, loader: Any) -> None:
        handler.attach(engine, Events.ITERATION_STARTED)

    return [temperature for _, _, temperature in ignite(attach)[0]]


def test_deliberate_an_attribute_begins_at_event_0() -> None:
    seen, _ = kit([ParamScheduler("model.temperature", Exponential(1.0, 0.5))])
    ours = [temperature for _, _, temperature in seen]
    theirs = temperatures(ExpStateScheduler(1.0, 0.5, "temperature", create_new=True))
    # Ignite's state schedulers count first, so f(0) is never seen.
    assert ours[0] == 1.0
    assert ours[1:] == theirs[:-1]
    shifted = temperatures(LambdaStateScheduler(lambda k: k, "temperature", create_new=True))
    seen, _ = kit([ParamScheduler("model.temperature", lambda k: k + 1)])
    assert [temperature for _, _, temperature in seen] == shifted
