"""Programs of which one thing grows: callbacks, logged values, tensors, steps, memory."""

import gc
import os
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from benchmarks.harness import DifferentWork, Turn
from benchmarks.harness.same_work import Outcome
from benchmarks.programs.quiet_steps import Stretches, quiet_on_lightning
from benchmarks.programs.seed import BATCH, Seed
from benchmarks.programs.with_lightning import trainer_for
from lightning_kit.loops import lean

MIB = 2**20
#: What an allocator may take between two looks without a leak.
ALLOWED_MIB, ALLOWED_OBJECTS = 8.0, 500


class Listener(pl.Callback):
    """Listen to the two hooks of a batch, as most callbacks do."""

    def __init__(self) -> None:
        self.batches = 0

    def on_train_batch_start(self, *args: Any) -> None:
        self.batches += 1

    def on_train_batch_end(self, *args: Any) -> None:
        self.batches += 1


def listeners(count: int, _: Path) -> Sequence[pl.Callback]:
    # Two callbacks of one class need keys of their own, or else one state.
    return [type(f"Listener{number}", (Listener,), {})() for number in range(count)]


class Layers(pl.LightningModule):
    """Log one value, and move ``count`` small tensors."""

    def __init__(self, seed: Seed, count: int) -> None:
        super().__init__()
        self.adam = seed.adam
        self.model = layers(count)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        input, _ = batch
        loss: Tensor = self.model(input[:, :BATCH]).square().mean()
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self) -> Any:
        return self.adam(self.parameters())


def layers(count: int) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(*(nn.Linear(BATCH, BATCH, bias=False) for _ in range(count)))


def layers_by_hand(batches: Stretches, _: Path, count: int) -> Outcome:
    model = batches.model = layers(count)
    optimizer = batches.seed.adam(model.parameters())
    for input, _target in batches:
        loss = model(input[:, :BATCH]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Outcome(batches.seen)


def layers_on_lightning(batches: Stretches, folder: Path, count: int, *, is_lean: bool) -> Outcome:
    module = Layers(batches.seed, count)
    batches.model = module.model
    trainer = trainer_for(
        batches.seed, folder, [], log_every_n_steps=10**9, enable_checkpointing=False
    )
    (lean(trainer) if is_lean else trainer).fit(module, batches)
    return Outcome(batches.seen)


def memory_mib() -> float:
    """Return what this process holds of main memory; on other systems than Linux its peak."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (MIB if sys.platform == "darwin" else 1024)
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


@final
class Memory:
    """A fit that is looked at after every stretch of steps: MiB are its legs.

    Args:
        start: Starts the fit.
    """

    def __init__(self, start: Callable[[], Turn]) -> None:
        self.turn = start()
        self.mib: list[float] = []
        self.objects: list[int] = []

    def leg(self) -> float:
        self.turn.leg()
        gc.collect()
        self.mib.append(memory_mib())
        self.objects.append(len(gc.get_objects()))
        return self.mib[-1]

    def finish(self) -> "Memory":
        self.turn.finish()
        return self


def does_not_grow(outcomes: dict[str, Memory]) -> None:
    """Raise DifferentWork if a fit holds more at its end than after its first stretches."""
    for name, found in outcomes.items():
        mib = found.mib[-1] - found.mib[1]
        objects = found.objects[-1] - found.objects[1]
        if mib > ALLOWED_MIB or objects > ALLOWED_OBJECTS:
            raise DifferentWork(f"{name} grew by {mib:.1f} MiB and {objects} objects")


def logging_fit(batches: Stretches, folder: Path) -> Outcome:
    """Write a line every 50 steps, beside what other programs of quiet steps do."""
    return quiet_on_lightning(batches, folder, log_every_n_steps=50)
