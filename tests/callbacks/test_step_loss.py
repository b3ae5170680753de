"""What callbacks see of a loss is what the module returned, accumulated or not."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from torch import Tensor

from lightning_kit.callbacks.step_loss import step_loss


class Told(PlainModule):
    """Remember what each step returned, as a tensor, a dict or nothing."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.automatic_optimization = form != "manual"
        self.returned: list[Tensor | None] = []

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = super().training_step(batch, batch_idx)
        self.returned.append(None if self.form == "none" else loss.detach())
        if self.form == "manual":
            self.manual_backward(loss)
        return {"tensor": loss, "dict": {"loss": loss, "n": 1}, "manual": loss, "none": None}[
            self.form
        ]


class Listen(pl.Callback):
    def __init__(self) -> None:
        self.losses: list[Tensor | None] = []

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *args: Any
    ) -> None:
        self.losses.append(step_loss(trainer, pl_module, outputs))


@pytest.mark.filterwarnings("ignore:.training_step. returned .None.")
@pytest.mark.parametrize(
    ("form", "accumulated"), [("tensor", 1), ("tensor", 4), ("dict", 4), ("manual", 1), ("none", 4)]
)
def test_it_is_what_the_step_returned(form: str, accumulated: int) -> None:
    module, told = Told(form), Listen()
    trainer = pl.Trainer(
        max_epochs=1, callbacks=[told], accumulate_grad_batches=accumulated, **QUIET
    )
    trainer.fit(module, datamodule=PlainData())
    assert len(told.losses) == 5
    assert told.losses == module.returned
    assert all(loss is None or not loss.requires_grad for loss in told.losses)


def test_a_bare_tensor_and_what_is_no_loss() -> None:
    trainer = pl.Trainer(accumulate_grad_batches=2, **QUIET)
    module = PlainModule()
    assert step_loss(trainer, module, torch.tensor(0.25)) == 0.5
    for nothing in (None, {}, {"loss": None}, {"other": torch.tensor(1.0)}):
        assert step_loss(trainer, module, nothing) is None
