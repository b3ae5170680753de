"""Keep ``run.json`` true from a fit's first hook to its end."""

import shutil
import signal
import time
from pathlib import Path
from typing import Any, final

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint, EarlyStopping, ModelCheckpoint, Timer
from pytorch_lightning.utilities.exceptions import SIGTERMException
from torch import Tensor

from lightning_kit.compat import (
    callbacks_of,
    mend_resume,
    refuse_twin,
    release_observer,
    save_rank_local,
)
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.peers import announce, announced, is_broken_link
from lightning_kit.runs.record import RunRecord, Status
from lightning_kit.runs.stopping import stop_reason

EXIT_CODES: dict[Status, int] = {"finished": 0, "stopped": 0, "preempted": 75, "failed": 1}
INTERRUPTED = "interrupted.ckpt"


@final
class RunRecorder(pl.Callback):
    """Write a fit's record at its start, at each new best score and at its end.

    Ctrl-C and SIGTERM save a checkpoint, ``checkpoints/interrupted.ckpt``, before the run ends.

    Args:
        directory: The run's directory on rank 0, None on the other ranks.
        record: What is known before the start; of a resumed run, the best and the epochs so far.
        config: Text of ``config.yaml``.
    """

    def __init__(self, directory: RunDirectory | None, record: RunRecord, config: str) -> None:
        self.directory = directory
        self.record = record
        self.config = config
        self._started_s = time.monotonic()
        self._began = time.time()
        # The best of the run that this one goes on with, and this run's own as last noted.
        self._best_before = record.best
        self._noted: tuple[str, Tensor | None] = ("", None)
        self._epoch = record.epoch
        self._has_begun = self._set_up = False
        self._before: RunDirectory | None = None

    def begin(self) -> None:
        """Write the record and ``config.yaml`` on rank 0; call it before anything prepares data."""
        if self.directory is None or self._has_begun:
            return
        self._has_begun = True
        self.directory.config.write_text(self.config)
        self._write()
        self.directory.events.append("start", command=self.record.command)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        self.begin()
        path = trainer.strategy.broadcast(self.directory and str(self.directory.path))
        assert path is not None
        self.directory = RunDirectory(Path(path))
        if trainer.is_global_zero:
            self._before = self.directory.make_latest()
        self._set_up = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        self._note_best(trainer)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Checkpoint callbacks run after all others: the last epoch's best is only seen now.
        self._note_best(trainer)
        self._epoch = trainer.current_epoch + 1

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        release_observer()
        if isinstance(exception, KeyboardInterrupt):
            self._save(trainer)
            self._end(trainer, "stopped", "Ctrl-C", exit_code=128 + signal.SIGINT)
        elif isinstance(exception, SIGTERMException):
            self._save(trainer)
            self._end_resumable(trainer, "SIGTERM")
        elif trainer.world_size > 1 and is_broken_link(exception):
            if (raised := announced()) is not None:
                self._end(trainer, "failed", f"on another rank: {raised}")
            else:
                self._end_resumable(trainer, "a peer died")
        else:
            announce(exception)
            self._end(trainer, "failed", _said(exception))

    def end(self, trainer: pl.Trainer) -> None:
        """Record that ``trainer.fit`` came back: out of epochs or steps, or stopped early."""
        if self.record.status != "running" or self.directory is None:
            return
        out_of_epochs = trainer.max_epochs is not None and (
            0 <= trainer.max_epochs <= trainer.current_epoch
        )
        out_of_steps = 0 <= trainer.max_steps <= trainer.global_step
        if not trainer.should_stop or out_of_epochs or out_of_steps:
            self._end(trainer, "finished", "")
        else:
            self._end(trainer, "stopped", _stop_reason(trainer))

    def fail(self, trainer: pl.Trainer, error: BaseException) -> None:
        """Record a failure that no hook saw; what one saw is on record already."""
        if self.record.status != "running":
            return
        if isinstance(error, SIGTERMException):
            self._end_resumable(trainer, "SIGTERM")
        else:
            self._end(trainer, "failed", _said(error))

    def withdraw(self) -> None:
        """Take back what a fit did that wrong input ended: its place as ``latest``.

        Of one that never came to its first hook nothing stays.
        """
        if self.directory is None:
            return
        if not self._set_up:
            shutil.rmtree(self.directory.path, ignore_errors=True)
            return
        self.record.exit_code = 2
        self._write()
        if self._before is not None and not any(self.directory.checkpoints.rglob("*.ckpt")):
            self._before.make_latest()

    def _end_resumable(self, trainer: pl.Trainer, reason: str) -> None:
        saved = self.directory is not None and self._newest(trainer) is not None
        resumable = saved or self.record.resumed_from is not None
        self._end(trainer, "preempted" if resumable else "failed", reason)

    def _end(
        self, trainer: pl.Trainer, status: Status, reason: str, exit_code: int | None = None
    ) -> None:
        self._note_best(trainer)
        self.record.status, self.record.stop_reason = status, reason
        self.record.exit_code = EXIT_CODES[status] if exit_code is None else exit_code
        if trainer.is_global_zero and self.directory is not None:
            newest = self._newest(trainer)
            self.record.last = None if newest is None else self.directory.relative(newest)
            self._write()
            self.directory.events.append("end", status=status, reason=reason, epoch=self._epoch)

    def _newest(self, trainer: pl.Trainer) -> Path | None:
        """Return the newest checkpoint of the run, also where a callback keeps its own folder."""
        assert self.directory is not None
        found = list(self.directory.checkpoints.rglob("*.ckpt"))
        for callback in _of_whole_runs(trainer):
            for name in ("last_model_path", "best_model_path"):
                path = Path(getattr(callback, name, "") or ".")
                # A resumed run's callback still names the best of the run before.
                if path.is_file() and path.stat().st_mtime >= self._began:
                    found.append(path)
        return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)

    def _save(self, trainer: pl.Trainer) -> None:
        # Before training began there is nothing to save that is not the start itself.
        if self.directory is None or trainer.global_step == 0 or not trainer.is_global_zero:
            return
        path = self.directory.checkpoints / INTERRUPTED
        try:
            save_rank_local(trainer, path)
        except Exception as error:
            # A full disk must not hide that the run was interrupted, nor its record.
            pl.utilities.rank_zero_warn(f"no checkpoint on interruption: {error}")

    def _note_best(self, trainer: pl.Trainer) -> None:
        checkpoint = _monitored(trainer)
        if checkpoint is None:
            return
        path = checkpoint.best_model_path
        score = checkpoint.best_k_models.get(path, checkpoint.best_model_score)
        # Each save has a tensor of its own, also of an equal score or under the same file name;
        # looking at which it is costs no sync.
        if path == self._noted[0] and score is self._noted[1]:
            return
        self._noted = path, score
        if not trainer.is_global_zero or self.directory is None:
            return
        if score is None or not self._beats_the_one_before(checkpoint, float(score)):
            return
        self.record.best = {
            "monitor": checkpoint.monitor,
            "mode": checkpoint.mode,
            "score": float(score),
            "epoch": self._epoch,
            "path": self.directory.relative(path),
        }
        self._write()
        self.directory.events.append("best", **self.record.best)

    def _beats_the_one_before(self, checkpoint: ModelCheckpoint, score: float) -> bool:
        """Compare with the best before a resume, which ModelCheckpoint forgets in a new folder."""
        best = self._best_before
        if best is None or (best["monitor"], best["mode"]) != (checkpoint.monitor, checkpoint.mode):
            return True
        if score == best["score"]:
            return getattr(checkpoint, "latest_on_tie", False)
        return bool(score < best["score"] if checkpoint.mode == "min" else score > best["score"])

    def _write(self) -> None:
        assert self.directory is not None
        self.record.epoch = self._epoch
        self.record.seconds = round(time.monotonic() - self._started_s, 3)
        self.record.write(self.directory.record_path)


def _of_whole_runs(trainer: pl.Trainer) -> list[Checkpoint]:
    """Return the checkpoint callbacks, without those that save a few ``modules`` only."""
    return [each for each in trainer.checkpoint_callbacks if not getattr(each, "modules", None)]


def _monitored(trainer: pl.Trainer) -> ModelCheckpoint | None:
    for callback in _of_whole_runs(trainer):
        if isinstance(callback, ModelCheckpoint) and callback.monitor is not None:
            return callback
    return None


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip().splitlines()[0]


def _stop_reason(trainer: pl.Trainer) -> str:
    if (reason := stop_reason(trainer)) is not None:
        return reason
    for callback in trainer.early_stopping_callbacks:
        if isinstance(callback, EarlyStopping) and callback.stopping_reason_message:
            return callback.stopping_reason_message.partition(". Signaling")[0]
    for timer in callbacks_of(trainer):
        left_s = timer.time_remaining() if isinstance(timer, Timer) else None
        if left_s is not None and left_s <= 0:
            return "out of time (max_time)"
    return "trainer.should_stop was set"
