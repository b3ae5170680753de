"""A stop that says why."""

import pytest
import pytorch_lightning as pl
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks.actions import StopTraining
from lightning_kit.callbacks.on_event import OnEvent
from lightning_kit.runs.stopping import stop_reason


def test_the_reason_is_kept() -> None:
    stop = OnEvent(StopTraining("enough"), "iteration_completed", once=8)
    trainer = pl.Trainer(**QUIET, max_epochs=9, callbacks=[stop])
    trainer.fit(Traced(), loader(), loader())
    assert trainer.fit_loop.total_batch_idx + 1 == 8
    assert stop_reason(trainer) == "enough"
    with pytest.raises(ValueError, match="reason must say why"):
        StopTraining("")
