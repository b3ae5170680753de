"""A run that stops and goes on: Ignite's `Checkpoint.load_objects` beside `fit(ckpt_path=...)`.

Three runs of one program end in the same weights: uninterrupted, and interrupted through each.
"""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events
from ignite.handlers import Checkpoint, DiskSaver
from origin.stock import QUIET
from programs.resumable import Resumable
from torch import Tensor, nn
from torch.nn import functional

from lightning_kit.callbacks import ModelCheckpoint
from lightning_kit.meters import EventFilter

GENERATOR = torch.Generator().manual_seed(0)
INPUT = torch.randn(40, 3, generator=GENERATOR)
ROWS = (INPUT, (INPUT.sum(1) > 0).long())
EPOCHS = 4
State = dict[str, Tensor]


class Program(pl.LightningModule):
    """Five batches of eight an epoch, with momentum, so that the optimizer has state."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(3, 2)
        nn.init.constant_(self.net.weight, 0.1)
        nn.init.zeros_(self.net.bias)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return functional.cross_entropy(self.net(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.05)


def uninterrupted() -> State:
    program = Program()
    optimizer, loader = program.configure_optimizers(), Resumable(ROWS, 8)
    for _ in range(EPOCHS):
        for batch in loader:
            optimizer.zero_grad()
            torch.autograd.backward(program.training_step(batch, 0))
            optimizer.step()
    return dict(program.state_dict())


class Killed(Exception): ...


def ignites(folder: Path, iteration: int | None, *, loader_too: bool) -> State:
    """Train; with ``iteration`` save there and die."""
    program, loader = Program(), Resumable(ROWS, 8)
    optimizer = program.configure_optimizers()

    def update(engine: Engine, batch: Any) -> None:
        optimizer.zero_grad()
        torch.autograd.backward(program.training_step(batch, 0))
        optimizer.step()

    trainer = Engine(update)
    objects = {"model": program, "optimizer": optimizer, "trainer": trainer}
    if loader_too:
        objects["loader"] = loader
    if iteration is not None:
        saver = Checkpoint(objects, DiskSaver(folder))
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=iteration), saver)

        @trainer.on(Events.ITERATION_COMPLETED(once=iteration))
        def die() -> None:
            raise Killed

        with pytest.raises(Killed):
            trainer.run(loader, max_epochs=EPOCHS)
    else:
        (path,) = folder.iterdir()
        Checkpoint.load_objects(objects, torch.load(path, weights_only=True))
        trainer.run(loader, max_epochs=EPOCHS)
    return dict(program.state_dict())


class Die(pl.Callback):
    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        if trainer.fit_loop.total_batch_idx == self.iteration:
            raise Killed


def kits(folder: Path, iteration: int | None) -> State:
    program = Program()
    callbacks: list[pl.Callback] = []
    if iteration is not None:
        only = EventFilter(once=iteration)
        callbacks = [
            ModelCheckpoint(folder, keep_last=1, every_n_train_steps=1, filter=only),
            Die(iteration),
        ]
    trainer = pl.Trainer(
        **{**QUIET, "enable_checkpointing": iteration is not None},
        max_epochs=EPOCHS,
        callbacks=callbacks,
    )
    if iteration is not None:
        with pytest.raises(Killed):
            trainer.fit(program, Resumable(ROWS, 8))
    else:
        (path,) = folder.iterdir()
        trainer.fit(program, Resumable(ROWS, 8), ckpt_path=path)
    return dict(program.state_dict())


pytestmark = [
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`, callbacks"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
]


# The ends of epochs are 5, 10, 15.
@pytest.mark.parametrize("iteration", [1, 3, 5, 7, 9, 10, 14, 15, 19])
def test_both_go_on_to_the_uninterrupted_weights(tmp_path: Path, iteration: int) -> None:
    wanted = uninterrupted()
    ignites(tmp_path / "ignite", iteration, loader_too=True)
    theirs = ignites(tmp_path / "ignite", None, loader_too=True)
    kits(tmp_path / "kit", iteration)
    ours = kits(tmp_path / "kit", None)
    for found in (theirs, ours):
        torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def test_a_loader_that_is_not_saved_is_replayed_by_ignite(tmp_path: Path) -> None:
    """Lightning saves a loader that has a `state_dict` by itself; Ignite is told of it."""
    ignites(tmp_path, 7, loader_too=False)
    found = ignites(tmp_path, None, loader_too=False)
    assert not torch.equal(found["net.weight"], uninterrupted()["net.weight"])
