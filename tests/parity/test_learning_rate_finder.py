"""Ignite's FastaiLRFinder beside the kit's preset: the loss at each step."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from ignite.handlers import FastaiLRFinder
from origin.stock import QUIET
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from lightning_kit.callbacks import LearningRateFinder

GENERATOR = torch.Generator().manual_seed(0)
ROWS = TensorDataset(torch.randn(40, 4, generator=GENERATOR), torch.arange(40) % 3)
LOADER = DataLoader(ROWS, batch_size=4)
STEPS = 40
pytestmark = pytest.mark.filterwarnings("ignore:Run completed without loss diverging")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = nn.Linear(4, 5), nn.Linear(5, 3)

    def forward(self, input: Tensor) -> Tensor:
        logits: Tensor = self.head(torch.tanh(self.body(input)))
        return logits

    def optimizer(self) -> torch.optim.Optimizer:
        parts = ((self.body, 1e-4), (self.head, 1e-3))
        return torch.optim.SGD([{"params": part.parameters(), "lr": lr} for part, lr in parts])


class Module(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = Net()
        self.rates: list[list[float]] = []

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        self.rates.append([group["lr"] for group in self.trainer.optimizers[0].param_groups])
        return functional.cross_entropy(self.net(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.net.optimizer()


class Ignite:
    """Ignite's search: the rates that it trained with, its curve and what it suggests."""

    def __init__(self, **options: Any) -> None:
        net = Net()
        optimizer = net.optimizer()
        self.rates: list[list[float]] = []

        def update(engine: Engine, batch: Any) -> float:
            self.rates.append([group["lr"] for group in optimizer.param_groups])
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(batch[0]), batch[1])
            torch.autograd.backward(loss)
            optimizer.step()
            return loss.item()

        self.finder = FastaiLRFinder()
        objects = {"model": net, "optimizer": optimizer}
        with self.finder.attach(Engine(update), objects, **options) as trainer:
            trainer.run(LOADER, max_epochs=STEPS // len(LOADER))
        self.losses = self.finder.get_results()["loss"]
        self.suggested = self.finder.lr_suggestion()


def kit(**options: Any) -> tuple[LearningRateFinder, Module, list[float]]:
    part, module = LearningRateFinder(preset="ignite", **options), Module()
    started: list[float] = []

    class Late(pl.Callback):
        def on_train_start(self, trainer: pl.Trainer, *args: Any) -> None:
            started.extend(group["lr"] for group in trainer.optimizers[0].param_groups)

    trainer = pl.Trainer(**QUIET, max_epochs=STEPS // len(LOADER), callbacks=[part, Late()])
    trainer.fit(module, LOADER)
    return part, module, started


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({}, {}),
        ({"step_mode": "linear"}, {"mode": "linear"}),
        (
            {"end_lr": [5.0, 50.0], "diverge_th": 1.5},
            {"max_lr": [5.0, 50.0], "early_stop_threshold": 1.5},
        ),
    ],
)
def test_the_loss_at_each_step(theirs: Any, ours: Any) -> None:
    reference = Ignite(num_iter=STEPS, **theirs)
    part, module, started = kit(num_training_steps=STEPS, **ours)
    assert part.optimal_lr is not None
    found = part.optimal_lr.results
    steps = len(found["loss"])
    assert steps == len(reference.losses)
    torch.testing.assert_close(module.rates[:steps], reference.rates, rtol=1e-12, atol=0)
    torch.testing.assert_close(found["loss"], reference.losses, rtol=1e-6, atol=0)
    # What Ignite calls a step's rate is the next one's.
    step = reference.finder.get_results()["lr"].index(reference.suggested)
    assert part.optimal_lr._optimal_idx == step
    assert started == pytest.approx(module.rates[step])


def test_deliberate_a_rate_stands_beside_the_loss_that_it_gave() -> None:
    """From the second step on Ignite pairs each loss with the rate of the step after."""
    reference = Ignite(num_iter=STEPS)
    recorded = reference.finder.get_results()["lr"]
    assert recorded[1:-1] == reference.rates[2:]
    part, module, _ = kit(num_training_steps=STEPS)
    assert part.optimal_lr is not None
    found = part.optimal_lr.results["lr"]
    assert found == [rates[0] for rates in module.rates[: len(found)]]


def test_deliberate_the_first_step_is_at_the_lowest_rate_that_was_asked_for() -> None:
    """Ignite's first step starts from the configured rate whatever ``start_lr`` says."""
    options = {"start_lr": [1e-2, 1e-2], "end_lr": [1.0, 1.0], "num_iter": STEPS}
    reference = Ignite(**options)
    _, module, _ = kit(min_lr=[1e-2, 1e-2], max_lr=[1.0, 1.0], num_training_steps=STEPS)
    assert module.rates[0] == pytest.approx([1e-2 * 100 ** (1 / STEPS)] * 2)
    assert reference.rates[0] == pytest.approx(
        [1e-4 * 1e4 ** (1 / STEPS), 1e-3 * 1e3 ** (1 / STEPS)]
    )
    torch.testing.assert_close(module.rates[2:STEPS], reference.rates[2:], rtol=1e-12, atol=0)
