"""A validation within a hook of training is Lightning's own, and leaves no trace."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.traced import QUIET, Traced, loader
from torch import Tensor

from lightning_kit.compat import times_apart, validate_apart, validate_now


def fitted(act: Any) -> tuple[pl.Trainer, list[dict[str, Tensor]]]:
    """Return a trainer that called ``act`` at its second batch, and the scores right after it."""
    scores: list[dict[str, Tensor]] = []

    class Acts(pl.Callback):
        def on_train_batch_end(
            self, trainer: pl.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
        ) -> None:
            if batch_idx == 1:
                act(trainer)
                assert trainer.training
                scores.append(dict(trainer.callback_metrics))

    trainer = pl.Trainer(max_epochs=1, callbacks=Acts(), **QUIET)
    trainer.fit(Traced(), loader(), loader())
    return trainer, scores


def test_a_validation_now_scores_the_present_weights() -> None:
    trainer, (scores,) = fitted(validate_now)
    stock, _ = fitted(lambda trainer: None)
    later = stock.callback_metrics["val/loss"]
    assert scores["val/loss"] > later
    assert trainer.callback_metrics["val/loss"] == later


def test_a_validation_apart_has_keys_of_its_own() -> None:
    trainer, (scores,) = fitted(lambda trainer: validate_apart(trainer, loader(), "other"))
    assert "other/val/loss" in scores
    assert "val/loss" not in scores
    assert times_apart(trainer) == {"other/val/loss": 1}


def test_without_lightnings_state_nothing_is_validated(caplog: pytest.LogCaptureFixture) -> None:
    def strip(act: Any) -> Any:
        def acts(trainer: pl.Trainer) -> None:
            kept = trainer._logger_connector
            trainer._logger_connector = object()  # type: ignore[assignment]
            act(trainer)
            trainer._logger_connector = kept

        return acts

    _, (scores,) = fitted(strip(validate_now))
    assert "val/loss" not in scores
    fitted(strip(lambda trainer: validate_apart(trainer, loader(), "other")))
    assert "keeps its state elsewhere" in caplog.text
    assert "keeps scores elsewhere" in caplog.text
