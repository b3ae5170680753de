"""Validation and test do the same on their own and within a fit."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.lean_pairs import HOOKS, Program, loader, pair


class Answers(Program):
    """Returns from its steps, and logs at the end."""

    def validation_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> Any:
        super().validation_step(batch, batch_idx, dataloader_idx)
        return {"sum": batch[0].sum()}

    test_step: Any = validation_step

    def on_validation_epoch_end(self) -> None:
        self.log("val_end", 2.0)


class One(Program):
    """Takes the batch alone."""

    def validation_step(self, batch: Any) -> None:  # type: ignore[override]
        self.log("val_loss", batch[0].sum())

    test_step: Any = validation_step


@pytest.mark.parametrize("module", [Answers, One])
@pytest.mark.parametrize("verb", ["validate", "test"])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_an_evaluation_on_its_own(module: type[Program], verb: str, precision: Any) -> None:
    scores: list[Any] = []

    def evaluate(trainer: pl.Trainer, built: pl.LightningModule) -> None:
        loaders = [loader(8), loader(5)] if module is Answers else loader(8)
        for _ in range(2):
            scores.append(getattr(trainer, verb)(built, loaders, verbose=False))

    stock, lean = pair(module, fit=evaluate, of_callback=HOOKS, precision=precision)
    assert not stock["error"]
    assert stock == lean
    assert scores[:2] == scores[2:]
    assert scores[0][0]


def test_within_a_fit() -> None:
    stock, lean = pair(
        Answers, of_callback=HOOKS, of_module=HOOKS[10:16], val=[loader(8), loader(5)]
    )
    assert stock == lean
