"""On a quiet step the kit reads no more from the device than the hand-written loop does.

Counted on a CPU by what torch dispatches: the operations that make a program wait on an
accelerator. A step's share is the difference of a long and a short epoch.
"""

import operator
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader

from benchmarks.programs.seed import Seed, metrics
from benchmarks.programs.with_lightning import SeedModule, trainer_for
from lightning_kit.callbacks import EarlyStopping, ModelCheckpoint, RunningAverages
from lightning_kit.loops import lean
from lightning_kit.tasks import ClassificationTask, RegressionTask

# Scalars and truth values read back, and shapes that depend on values.
WAITING = frozenset({
    "_local_scalar_dense", "is_nonzero", "equal", "nonzero", "masked_select", "unique",
    "_unique2", "unique_consecutive", "unique_dim", "bincount", "repeat_interleave",
})  # fmt: skip


class Reads(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        indexes = name == "index" and any(
            each is not None and each.dtype is torch.bool for each in args[1]
        )
        if name in WAITING or indexes:
            self.seen[name] += 1
        return func(*args, **(kwargs or {}))


def a_step(fit: Callable[[int], object]) -> dict[str, float]:
    """Return how often each step of a fit waits for the device, by operation."""
    found = []
    for steps in (10, 30):
        with Reads() as reads:
            fit(steps)
        found.append(reads.seen)
    short, long = found
    shares = {name: (long[name] - short[name]) / 20 for name in long}
    return {name: share for name, share in shares.items() if share}


def seed_of(steps: int) -> Seed:
    return Seed(1, train_batches=steps, val_batches=1)


def by_hand(steps: int) -> None:
    seed = seed_of(steps)
    model, (accuracy, f1) = seed.model(), metrics()
    optimizer = seed.adam(model.parameters())
    total = torch.zeros(())
    for input, target in seed.loaders(lambda: None)[0]:
        logits = model(input)
        loss = nn.functional.cross_entropy(logits, target)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total.add_(loss.detach(), alpha=len(target))
        accuracy.update(logits.detach(), target)
        f1.update(logits.detach(), target)


def test_a_read_is_counted() -> None:
    def reading(steps: int) -> None:
        for _ in range(steps):
            torch.ones(()).item()
            torch.ones(3)[torch.ones(3) > 0]

    assert a_step(reading) == {"_local_scalar_dense": 1.0, "index": 1.0}


@pytest.mark.parametrize("kind", ["lean", "kit", "kit without accuracy and F1"])
def test_the_seed_program_reads_no_more_than_by_hand(kind: str, tmp_path: Path) -> None:
    def fit(steps: int) -> None:
        seed, folder = seed_of(steps), tmp_path / str(steps)
        accuracy, f1 = metrics()
        own: Any = {"accuracy": accuracy, "f1": f1} if kind == "kit" else {}
        module: pl.LightningModule = (
            SeedModule(seed)
            if kind == "lean"
            else ClassificationTask(seed.model(), 10, metrics=own, optimizer=seed.adam)
        )
        saving = ModelCheckpoint(folder, monitor="val/loss", mode="min")
        stopping = EarlyStopping("val/loss", mode="min", patience=3)
        callbacks: list[pl.Callback] = [
            stopping,
            saving,
            RunningAverages({"loss": operator.itemgetter("loss")}),
        ]
        trainer = lean(trainer_for(seed, folder, callbacks, log_every_n_steps=1000))
        trainer.fit(module, *seed.loaders(lambda: None))

    # Adam reads its own count of steps once a parameter, which lies on the CPU anyway.
    adam = {"_local_scalar_dense": 2.0}
    hand = a_step(by_hand)
    assert hand == {**adam, "bincount": 1.0}
    assert a_step(fit) == (hand if kind == "lean" else adam)


def test_a_regression_reads_nothing(tmp_path: Path) -> None:
    def fit(steps: int) -> None:
        rows: Any = [(torch.randn(8, 4), torch.randn(8)) for _ in range(steps)]
        trainer = trainer_for(
            seed_of(steps), tmp_path / str(steps), [], log_every_n_steps=1000,
            enable_checkpointing=False,
        )  # fmt: skip
        train, val = (DataLoader(part, batch_size=None) for part in (rows, rows[:1]))
        lean(trainer).fit(RegressionTask(nn.Linear(4, 1)), train, val)

    assert a_step(fit) == {}
