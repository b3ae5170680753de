"""Keep ``run.json`` true from a fit's first hook to its end."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import pytorch_lightning as pl
from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_kit.compat import (
    allow_validation,
    mend_resume,
    refuse_twin,
    release_observer,
    save_rank_local,
)
from lightning_kit.export.errors import ExportError, GateRefused
from lightning_kit.runs.best_score import BestScore, of_whole_runs
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.peers import announce, announced, is_broken_link
from lightning_kit.runs.progress import Progress
from lightning_kit.runs.record import RunRecord, Status
from lightning_kit.runs.stopping import is_out_of_limits, is_over, why_stopped

EXIT_CODES: dict[Status, int] = {"finished": 0, "stopped": 0, "preempted": 75, "failed": 1}
INTERRUPTED = "interrupted.ckpt"
# Of a signal that came when all was trained, validated and saved.
AFTER = " after training"


@final
class RunRecorder(pl.Callback):
    """Write a fit's record at its start, at each new best score and at its end.

    Ctrl-C and SIGTERM save a checkpoint, ``checkpoints/interrupted.ckpt``, before the run ends.
    What SIGTERM makes of a run depends on what it leaves undone in the last epoch:

    ============================= ============================== =================================
    it comes in                   done when the fit ends         the run
    ============================= ============================== =================================
    a batch of training or        the batch; a resume validates  ``preempted``, 75
    validation but its last       from the first batch
    ``on_validation_end``,        the epoch, saved; the hooks    ``finished``, 0: "SIGTERM after
    ``on_train_epoch_end``        behind it are left out         training"
    ``on_train_end``              everything                     ``finished``, 0
    ``on_fit_end``, ``teardown``  the epoch, saved; these hooks  ``finished``, 0: "SIGTERM after
                                  break off                      training"
    ============================= ============================== =================================

    So it is after an early stop, which is ``stopped``. Where the last epoch could not be saved, the
    run is ``preempted``: a resume trains that epoch again. Ctrl-C is ``stopped``, 130, and says
    "after training" likewise.

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
        self._best = BestScore(record.best)
        self._epoch = record.epoch
        self._has_begun = self._set_up = self._is_validation_left = False
        self._end_allowance: Callable[[], None] = _nothing
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
        epoch: Any = trainer.fit_loop.epoch_progress.current
        if epoch.ready > epoch.processed:
            # A resume within an epoch has no start of it.
            self._epoch = trainer.current_epoch + 1

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        began = Progress.of(checkpoint)
        self._is_validation_left = began.is_validating and began.steps == trainer.max_steps

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._is_validation_left:
            self._end_allowance = allow_validation(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end_allowance()

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
            reason = f"Ctrl-C{AFTER}" if self._is_done(trainer) else "Ctrl-C"
            self._end(trainer, "stopped", reason, exit_code=128 + signal.SIGINT)
        elif isinstance(exception, SIGTERMException):
            self._save(trainer)
            self._end_resumable(trainer, "SIGTERM")
        elif isinstance(exception, ExportError):
            # It is raised when all is trained, validated and saved.
            refused = isinstance(exception, GateRefused)
            self._end_over(trainer, f"no artefact: {_said(exception)}", 3 if refused else 2)
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
        self._end_over(trainer, "")

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
            self.directory.remove()
            return
        self.record.exit_code = 2
        self._write()
        if self._before is not None and not any(self.directory.checkpoints.rglob("*.ckpt")):
            self._before.make_latest()

    def _end_resumable(self, trainer: pl.Trainer, reason: str) -> None:
        if self._is_done(trainer):
            self._end_over(trainer, f"{reason}{AFTER}")
            return
        saved = self.directory is not None and self._newest(trainer) is not None
        resumable = saved or self.record.resumed_from is not None
        self._end(trainer, "preempted" if resumable else "failed", reason)

    def _end_over(self, trainer: pl.Trainer, reason: str, exit_code: int | None = None) -> None:
        if is_out_of_limits(trainer) or not trainer.should_stop:
            self._end(trainer, "finished", reason, exit_code)
        else:
            reasons = (why_stopped(trainer), reason)
            self._end(trainer, "stopped", "; ".join(filter(None, reasons)), exit_code)

    def _is_done(self, trainer: pl.Trainer) -> bool:
        """Say whether a resume would find nothing to do: all is trained, validated and saved."""
        if not is_over(trainer):
            return False
        if not trainer.is_global_zero:
            # Rank 0 saves, perhaps at this moment.
            return True
        newest = self._newest(trainer) if self.directory is not None else None
        epochs: Any = trainer.fit_loop.epoch_progress
        now = Progress(epochs.current.processed, trainer.global_step)
        return newest is not None and Progress.read(newest) == now

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
        for callback in of_whole_runs(trainer):
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
        if self._is_done(trainer):
            return
        path = self.directory.checkpoints / INTERRUPTED
        try:
            save_rank_local(trainer, path)
        except Exception as error:
            # A full disk must not hide that the run was interrupted, nor its record.
            pl.utilities.rank_zero_warn(f"no checkpoint on interruption: {error}")

    def _note_best(self, trainer: pl.Trainer) -> None:
        found = self._best.found(trainer)
        if found is None or not trainer.is_global_zero or self.directory is None:
            return
        path = self.directory.relative(found.pop("path"))
        self.record.best = {**found, "epoch": self._epoch, "path": path}
        self._write()
        self.directory.events.append("best", **self.record.best)

    def _write(self) -> None:
        assert self.directory is not None
        self.record.epoch = self._epoch
        self.record.seconds = round(time.monotonic() - self._started_s, 3)
        self.record.write(self.directory.record_path)


def _nothing() -> None:
    """Stand in for the end of what was never allowed."""


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip().splitlines()[0]
