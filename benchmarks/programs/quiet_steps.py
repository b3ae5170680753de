"""Steps of the seed program that log but write nothing, within one long epoch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from benchmarks.harness.same_work import Outcome
from benchmarks.programs.seed import Batch, Batches, Seed, copied, metrics
from benchmarks.programs.with_lightning import SeedModule, trainer_for
from lightning_kit.loops import lean

NEVER = 10**9


@dataclass
class Stretches:
    """One epoch of so many stretches of steps, each of which begins at a boundary.

    Args:
        seed: Has the rows, which are gone through again and again.
        stretches: How many.
        steps: In each.
        boundary: What to call before each.
    """

    seed: Seed
    stretches: int
    steps: int
    boundary: Callable[[], None]
    model: nn.Module | None = None
    seen: list[Tensor] = field(default_factory=list)

    def __len__(self) -> int:
        return self.stretches * self.steps + 1

    def __iter__(self) -> Iterator[Batch]:
        batches = self._batches()
        for step in range(len(self) - 1):
            if step % self.steps == 0:
                self.boundary()
            yield next(batches)
        self.boundary()
        # Here, since a callback may put other weights in at the end.
        assert self.model is not None
        self.seen = copied(self.model)
        yield next(batches)

    def _batches(self) -> Iterator[Batch]:
        input, target, *_ = self.seed.data
        shuffled = Batches(input, target, seed=1)
        while True:
            yield from shuffled


def quiet_by_hand(batches: Stretches, _: Path) -> Outcome:
    """Take the steps without a trainer, with the same metrics."""
    model = batches.model = batches.seed.model()
    optimizer = batches.seed.adam(model.parameters())
    accuracy, f1 = metrics()
    total, rows = torch.zeros(()), 0
    for input, target in batches:
        logits = model(input)
        loss = nn.functional.cross_entropy(logits, target)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        logits, loss = logits.detach(), loss.detach()
        total.add_(loss, alpha=len(target))
        rows += len(target)
        accuracy.update(logits, target)
        f1.update(logits, target)
    return Outcome(batches.seen)


class MoreLogs(SeedModule):
    """Log some values more at each step."""

    def __init__(self, seed: Seed, extra: int) -> None:
        super().__init__(seed)
        self.names = [f"train/extra_{number}" for number in range(extra)]

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss = super().training_step(batch, batch_idx)
        for name in self.names:
            self.log(name, loss)
        return loss


def quiet_on_lightning(
    batches: Stretches,
    folder: Path,
    callbacks: Callable[[Path], Sequence[pl.Callback]] = lambda _: (),
    *,
    is_lean: bool = True,
    extra: int = 0,
    log_every_n_steps: int = NEVER,
) -> Outcome:
    """Take the steps with a user's module."""
    seed = batches.seed
    given = list(callbacks(folder))
    saves = any(isinstance(callback, pl.callbacks.ModelCheckpoint) for callback in given)
    trainer = trainer_for(
        seed, folder, given, log_every_n_steps=log_every_n_steps, enable_checkpointing=saves
    )
    module = MoreLogs(seed, extra) if extra else SeedModule(seed)
    batches.model = module.model
    (lean(trainer) if is_lean else trainer).fit(module, batches)
    return Outcome(batches.seen)
