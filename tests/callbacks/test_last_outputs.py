"""A score function finds what the last training batch returned."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit.callbacks.last_outputs import last_outputs, note_outputs


class Returning(PlainModule):
    def __init__(self) -> None:
        super().__init__()
        self.returned: list[float] = []

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = super().training_step(batch, batch_idx)
        self.returned.append(loss.item())
        return {"loss": loss, "number": batch_idx}


class Notes(pl.Callback):
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *args: Any
    ) -> None:
        note_outputs(trainer, pl_module, outputs)
        self.seen.append(last_outputs(trainer))


@pytest.mark.parametrize("accumulated", [1, 4])
def test_it_is_what_the_step_returned(accumulated: int) -> None:
    module, notes = Returning(), Notes()
    trainer = pl.Trainer(
        max_epochs=1, callbacks=[notes], accumulate_grad_batches=accumulated, **QUIET
    )
    trainer.fit(module, datamodule=PlainData())
    assert [each["loss"].item() for each in notes.seen] == module.returned
    assert [each["number"] for each in notes.seen] == [0, 1, 2, 3, 4]


def test_what_has_no_loss_is_left_as_it_is() -> None:
    trainer = pl.Trainer(**QUIET)
    for outputs in ({}, {"other": torch.tensor(1.0)}):
        note_outputs(trainer, PlainModule(), outputs)
        assert last_outputs(trainer) == outputs


@pytest.mark.parametrize("empty", [None, {}])
def test_a_batch_that_returned_nothing_leaves_those_of_the_one_before(empty: Any) -> None:
    trainer = pl.Trainer(**QUIET)
    for outputs in ({"loss": torch.tensor(1.0)}, empty):
        note_outputs(trainer, PlainModule(), outputs)
        assert last_outputs(trainer) == {"loss": 1.0}


def test_before_the_first_batch_it_says_what_is_missing() -> None:
    with pytest.raises(RuntimeError, match="no training batch was noted"):
        last_outputs(pl.Trainer(**QUIET))
