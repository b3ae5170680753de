"""``lean`` changes a trainer once, before its runs, or leaves it alone and says why."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.lean_pairs import Program, loader
from programs.traced import QUIET
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop

from lightning_kit.loops import fingerprints, lean
from lightning_kit.loops.training_epoch import LeanTrainingEpochLoop


def test_twice_is_once_and_the_trainer_comes_back() -> None:
    trainer = pl.Trainer(**QUIET)
    assert lean(trainer) is trainer
    loop, results = trainer.fit_loop.epoch_loop, trainer.fit_loop.epoch_loop._results
    assert type(loop) is LeanTrainingEpochLoop
    assert lean(trainer) is trainer
    assert trainer.fit_loop.epoch_loop is loop
    assert loop._results is results


def test_a_second_fit_makes_its_plan_anew() -> None:
    said: list[int] = []

    class Says(pl.Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *args: Any) -> None:
            said.append(trainer.global_step)

    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    trainer.fit(Program(), loader(), loader())
    trainer.callbacks.append(Says())  # type: ignore[attr-defined]
    trainer.fit_loop.max_epochs = 2
    trainer.fit(Program(), loader(), loader())
    assert len(said) == 4


def test_a_running_trainer_is_refused() -> None:
    class Leans(pl.Callback):
        def on_train_start(self, trainer: pl.Trainer, *args: Any) -> None:
            lean(trainer)

    with pytest.raises(RuntimeError, match="must come before a run"):
        pl.Trainer(max_epochs=1, callbacks=Leans(), **QUIET).fit(Program(), loader(), loader())


def test_a_loop_of_somebody_elses_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Own(_TrainingEpochLoop):
        """Anything."""

    trainer = pl.Trainer(**QUIET)
    trainer.fit_loop.epoch_loop.__class__ = Own
    assert type(lean(trainer).fit_loop.epoch_loop) is Own
    assert "its _TrainingEpochLoop is a Own" in caplog.text


def test_an_unknown_lightning_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fingerprints, "_unknown", lambda: "Lightning 9 is not among those known")
    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    assert type(trainer.fit_loop.epoch_loop) is _TrainingEpochLoop
    assert "keeps Lightning's own loops: Lightning 9 is not among those known" in caplog.text
    trainer.fit(Program(), loader(), loader())
