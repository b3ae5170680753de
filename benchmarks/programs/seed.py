"""What all versions of the seed program share: data, model, optimizer, metrics, log."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from benchmarks.harness.same_work import Outcome

FEATURES, CLASSES, BATCH = 784, 10, 32
EVERY_N_STEPS = 50
EPOCH_KEYS = (
    "train/loss", "train/accuracy", "train/f1", "val/loss", "val/accuracy", "val/f1",
)  # fmt: skip
KEYS = ("train/loss_step", *EPOCH_KEYS)

Batch = tuple[Tensor, Tensor]


class Batches:
    """Batches taken from memory by one ``index_select`` each, shuffled anew for each epoch."""

    def __init__(self, input: Tensor, target: Tensor, seed: int | None) -> None:
        self.input, self.target = input, target
        self.generator = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return len(self.input) // BATCH

    def __iter__(self) -> Iterator[Batch]:
        rows = len(self.input)
        if self.generator is None:
            order = torch.arange(rows)
        else:
            order = torch.randperm(rows, generator=self.generator)
        for index in torch.split(order, BATCH):
            yield self.input.index_select(0, index), self.target.index_select(0, index)


class Shuffled:
    """A DataLoader in an order that only the epoch decides.

    Its sampler draws once more from the generator where somebody asks for a batch after the last,
    which a loop by hand does and Lightning does not.
    """

    def __init__(self, rows: TensorDataset) -> None:
        self.generator = torch.Generator()
        self.loader: DataLoader[Any] = DataLoader(
            rows, BATCH, shuffle=True, generator=self.generator
        )
        self.epochs = 0

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        self.epochs += 1
        self.generator.manual_seed(self.epochs)
        yield from self.loader


class Epochs:
    """Batches that say where an epoch begins, once its first batch is asked for."""

    def __init__(self, batches: Any, boundary: Callable[[], None]) -> None:
        self.batches, self.boundary = batches, boundary

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        self.boundary()
        yield from self.batches


@dataclass(frozen=True)
class Seed:
    """One version of the program.

    Args:
        epochs: How many to train.
        train_batches: In an epoch.
        val_batches: In a validation, after each epoch.
        hidden: Width of two hidden layers; 0 is ``nn.Linear(784, 10)`` alone.
        fused: Adam's.
        loader: Where batches come from.
        rank: Of this process.
        world_size: Processes that share the work, ``train_batches`` each.
    """

    epochs: int
    train_batches: int = 400
    val_batches: int = 20
    hidden: int = 0
    fused: bool = False
    loader: Literal["memory", "dataloader"] = "memory"
    rank: int = 0
    world_size: int = 1
    # Drawn once and read by all.
    _drawn: dict[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def data(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Training and validation rows, with something to learn."""
        if not self._drawn:
            generator = torch.Generator().manual_seed(self.rank)
            rows = BATCH * (self.train_batches + self.val_batches)
            teacher = torch.randn(FEATURES, CLASSES, generator=torch.Generator().manual_seed(7))
            input = torch.randn(rows, FEATURES, generator=generator)
            noise = 20 * torch.randn(rows, CLASSES, generator=generator)
            target = (input @ teacher + noise).argmax(1)
            cut = BATCH * self.train_batches
            parts = (input[:cut], target[:cut], input[cut:], target[cut:])
            self._drawn["data"] = tuple(part.clone() for part in parts)
        found: tuple[Tensor, Tensor, Tensor, Tensor] = self._drawn["data"]
        return found

    def loaders(self, boundary: Callable[[], None]) -> tuple[Epochs, Any]:
        """Return the training batches, which tell of each epoch, and those of validation."""
        train, train_target, val, val_target = self.data
        if self.loader == "memory":
            batches: Any = Batches(train, train_target, seed=1)
            return Epochs(batches, boundary), Batches(val, val_target, seed=None)
        shuffled = Shuffled(TensorDataset(train, train_target))
        return Epochs(shuffled, boundary), DataLoader(TensorDataset(val, val_target), BATCH)

    def model(self) -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            if not self.hidden:
                return nn.Linear(FEATURES, CLASSES)
            return nn.Sequential(
                nn.Linear(FEATURES, self.hidden), nn.ReLU(),
                nn.Linear(self.hidden, self.hidden), nn.ReLU(),
                nn.Linear(self.hidden, CLASSES),
            )  # fmt: skip

    def adam(self, parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=1e-3, fused=self.fused)


#: Fits, tells of each epoch, and returns what shows that the work was done.
Program = Callable[[Seed, Path, Callable[[], None]], Outcome]


def metrics() -> tuple[MulticlassAccuracy, MulticlassF1Score]:
    """Return accuracy and macro F1; their own checks of arguments are off on all sides."""
    return (
        MulticlassAccuracy(CLASSES, average="micro", validate_args=False),
        MulticlassF1Score(CLASSES, average="macro", validate_args=False),
    )


def read_scores(path: Path, keys: Sequence[str] = KEYS) -> dict[str, list[float]]:
    """Return what a CSV file holds, in order, by column."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {key: [float(row[key]) for row in rows if row.get(key)] for key in keys}


def copied(model: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]
