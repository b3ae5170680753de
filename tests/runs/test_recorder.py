"""``run.json`` follows a fit: its start, each new best, and the way it ended."""

import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
from programs.plain import PlainData, PlainModule
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint

from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.record import RunRecord
from lightning_kit.runs.recorder import RunRecorder


def fit(
    tmp_path: Path, *callbacks: Callback, module: PlainModule | None = None, **trainer: Any
) -> tuple[RunRecorder, dict[str, Any]]:
    directory = RunDirectory.create("small", tmp_path)
    recorder = RunRecorder(directory, RunRecord("small"), "seed_everything: 0\n")
    checkpoint = ModelCheckpoint(directory.checkpoints, filename="best", monitor="val/loss")
    run = pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[*callbacks, recorder, checkpoint],
        **{"max_epochs": 2, **trainer},
    )
    with contextlib.suppress(SystemExit, RuntimeError):
        run.fit(module or PlainModule(), datamodule=PlainData())
    recorder.end(run)
    found: dict[str, Any] = json.loads(directory.record_path.read_text())
    return recorder, found


class At(Callback):
    """Do something in one training batch."""

    def __init__(self, step: int, action: Any) -> None:
        self.step, self.action = step, action

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        if trainer.global_step == self.step:
            self.action()


def ctrl_c() -> None:
    raise KeyboardInterrupt


def test_out_of_epochs_is_finished(tmp_path: Path) -> None:
    recorder, record = fit(tmp_path)
    assert (record["status"], record["exit_code"], record["epoch"]) == ("finished", 0, 2)
    assert record["best"]["epoch"] == 2
    assert recorder.directory is not None
    assert (recorder.directory.path / record["best"]["path"]).is_file()
    assert record["best"]["path"] == record["last"]
    assert RunDirectory.latest("small", tmp_path) == recorder.directory
    assert recorder.directory.config.read_text() == "seed_everything: 0\n"
    kinds = [event["kind"] for event in recorder.directory.events]
    assert (kinds[0], kinds[-1]) == ("start", "end")
    assert "best" in kinds


def test_out_of_steps_is_finished(tmp_path: Path) -> None:
    _, record = fit(tmp_path, max_epochs=-1, max_steps=5)
    assert record["status"] == "finished"


def test_an_early_stop_is_stopped_and_says_why(tmp_path: Path) -> None:
    stopping = EarlyStopping("val/loss", patience=1, min_delta=100.0)
    _, record = fit(tmp_path, stopping, max_epochs=9)
    assert (record["status"], record["exit_code"]) == ("stopped", 0)
    assert "val/loss did not improve" in record["stop_reason"]


def test_ctrl_c_is_stopped_after_a_saved_checkpoint(tmp_path: Path) -> None:
    recorder, record = fit(tmp_path, At(3, ctrl_c))
    assert (record["status"], record["exit_code"]) == ("stopped", 130)
    assert record["stop_reason"] == "Ctrl-C"
    assert record["last"] == "checkpoints/interrupted.ckpt"
    assert recorder.directory is not None
    assert recorder.directory.last().name == "interrupted.ckpt"


def test_sigterm_is_preempted(tmp_path: Path) -> None:
    _, record = fit(tmp_path, At(3, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    assert (record["status"], record["exit_code"]) == ("preempted", 75)
    assert record["stop_reason"] == "SIGTERM"


def test_sigterm_that_leaves_no_checkpoint_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lightning_kit.runs.recorder.save_rank_local", lambda *_: False)
    _, record = fit(tmp_path, At(3, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    assert (record["status"], record["exit_code"]) == ("failed", 1)


def test_an_exception_is_a_failure_and_says_which(tmp_path: Path) -> None:
    _, record = fit(tmp_path, module=PlainModule(fail_at=7))
    assert (record["status"], record["exit_code"]) == ("failed", 1)
    assert record["stop_reason"] == "RuntimeError: the batch is cursed"
    assert record["best"]["epoch"] == 1, "the best before the failure is on record"


def test_the_best_is_on_record_while_the_run_goes_on(tmp_path: Path) -> None:
    seen = []

    def look() -> None:
        path = next(tmp_path.glob("small/*/run.json"))
        seen.append(json.loads(path.read_text()))

    fit(tmp_path, At(6, look))
    assert seen[0]["status"] == "running"
    assert seen[0]["best"]["epoch"] == 1


def test_a_full_disk_does_not_hide_the_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lightning_kit.runs.recorder.save_rank_local", full)
    with pytest.warns(UserWarning, match="no checkpoint on interruption"):
        _, record = fit(tmp_path, At(3, ctrl_c))
    assert record["stop_reason"] == "Ctrl-C"


def test_wrong_input_gives_latest_back(tmp_path: Path) -> None:
    first, _ = fit(tmp_path)
    directory = RunDirectory.create("small", tmp_path)
    second = RunRecorder(directory, RunRecord("small"), "")
    second._before, second._set_up = directory.make_latest(), True
    second.withdraw()
    assert directory.record().exit_code == 2
    assert RunDirectory.latest("small", tmp_path) == first.directory


@pytest.mark.parametrize(("score", "kept"), [(-1.0, True), (100.0, False)])
def test_the_best_before_a_resume_is_kept_where_it_is_better(
    tmp_path: Path, score: float, kept: bool
) -> None:
    before = {"monitor": "val/loss", "mode": "min", "score": score, "epoch": 1, "path": "/old.ckpt"}
    directory = RunDirectory.create("small", tmp_path)
    recorder = RunRecorder(directory, RunRecord("small", best=before), "")
    checkpoint = ModelCheckpoint(directory.checkpoints, monitor="val/loss")
    run = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[recorder, checkpoint],
    )
    run.fit(PlainModule(), datamodule=PlainData())
    recorder.end(run)
    assert directory.record().best is not None
    assert (directory.record().best == before) is kept
