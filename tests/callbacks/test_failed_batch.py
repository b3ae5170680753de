"""What a broken-off batch leaves half done."""

from typing import Any

import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from pytorch_lightning.profilers import SimpleProfiler

from lightning_kit.callbacks.failed_batch import abandon


class Toggled(PlainModule):
    """Breaks off inside a toggled optimizer, and inside its timed step."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.other = torch.nn.Linear(3, 2)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        optimizer, _ = self.optimizers()  # type: ignore[attr-defined]
        loss = super().training_step(batch, batch_idx)
        self.manual_backward(loss)
        self.toggle_optimizer(optimizer)
        assert not self.other.weight.requires_grad
        self.trainer.profiler.start("optimizer_step")  # type: ignore[attr-defined]
        try:
            raise RuntimeError("cursed")
        except RuntimeError as error:
            abandon(self.trainer, self, error)
        assert all(each.grad is None for each in self.parameters())
        assert all(each.requires_grad for each in self.parameters())
        optimizer.step()

    def configure_optimizers(self) -> Any:
        return [torch.optim.SGD(part.parameters(), lr=0.1) for part in (self.net, self.other)]


def test_gradients_toggles_and_timers() -> None:
    trainer = pl.Trainer(**{**QUIET, "profiler": SimpleProfiler()}, max_epochs=1)
    trainer.fit(Toggled(), PlainData())
    assert trainer.fit_loop.total_batch_idx + 1 == 5


class Told(pl.Callback):
    gradients: list[Any] | None = None

    def on_batch_abandoned(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.gradients = [each.grad for each in pl_module.parameters()]


def test_callbacks_that_want_to_know_are_told_when_gradients_are_gone() -> None:
    told = Told()
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[told, pl.Callback()])
    trainer.fit(Toggled(), PlainData())
    assert told.gradients
    assert all(each is None for each in told.gradients)
