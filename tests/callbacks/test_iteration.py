"""An iteration is a training batch, whatever the optimizer does."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit.callbacks import iteration


class Counts(pl.Callback):
    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        self.starts.append(iteration(trainer))

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        self.ends.append(iteration(trainer))


@pytest.mark.parametrize("accumulated", [1, 2])
def test_it_counts_batches_from_1_also_in_a_resumed_run(tmp_path: Path, accumulated: int) -> None:
    options = {**QUIET, "accumulate_grad_batches": accumulated}
    first, second = Counts(), Counts()
    trainer = pl.Trainer(**options, max_epochs=2, callbacks=[first])
    assert iteration(trainer) == 0
    trainer.fit(PlainModule(), PlainData())
    assert first.starts == first.ends == [*range(1, 11)]
    assert iteration(trainer) == 10
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    trainer = pl.Trainer(**options, max_epochs=3, callbacks=[second])
    trainer.fit(PlainModule(), PlainData(), ckpt_path=tmp_path / "a.ckpt")
    assert second.starts == second.ends == [*range(11, 16)]
