"""Train a model from a recipe, or go on with a run.

usage: lightning-kit fit -c RECIPE [-c OVERLAY ...] [flags]
       lightning-kit fit RUN_DIR [-c OVERLAY ...] [flags]     resume a run from its last checkpoint

  -c, --config FILE           a recipe, then overlays; later files win
  --trainer.max_epochs 3      any argument of the Trainer (lightning-kit explain Trainer)
  --model.optimizer.lr 0.1    any argument of the task; --data.batch_size 64: of the datamodule
  --model.ARGUMENT '{a: 1}'   a mapping merges into the one below it, as a file's does
  --callbacks.EarlyStopping.patience 9
                              change, add ({}) or remove (null) a callback by its class name
  --callbacks.EMA.filter '{every: 3}'
                              a filter given whole replaces the one below; .filter.every 3 changes
                              one condition of it
  --ckpt_path best|last|PATH|RUN_DIR
                              start from a checkpoint; best and last are those of the latest run
  --lean false                Lightning's own loop, not the lean one: same results, more time;
                              run.json keeps it for reruns
  --print_config              print the whole configuration and stop
Flags win over the environment (PL_FIT__TRAINER__MAX_EPOCHS), which wins over files, which win over
what a checkpoint brings along.
"""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pytorch_lightning.loggers import CSVLogger, Logger
from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_kit.cli import PROGRAM
from lightning_kit.cli.amounts import without_batches
from lightning_kit.cli.app import KitCLI, prepare, written
from lightning_kit.cli.beside import metrics_of_epoch, print_baselines
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.failures import input_error
from lightning_kit.cli.layers import as_list
from lightning_kit.cli.lean import NAME as LEAN
from lightning_kit.cli.lost_record import refuse_lost_record
from lightning_kit.cli.monitors import MonitorCheck
from lightning_kit.cli.quiet import quiet
from lightning_kit.cli.remarks import shown
from lightning_kit.cli.request import Request
from lightning_kit.cli.signals import say_terminated, with_exit_code
from lightning_kit.cli.source import Source, load, recipe_name, runs_root
from lightning_kit.cli.summary import print_next, print_summary, shown_path
from lightning_kit.compat import global_rank
from lightning_kit.export.errors import GateRefused
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.progress import Progress
from lightning_kit.runs.record import RunRecord
from lightning_kit.runs.recorder import EXIT_CODES, RunRecorder
from lightning_kit.runs.settings import SettingsKeeper


def main(args: list[str]) -> int:
    request = Request.of("fit", args)
    if request.wants_help:
        print(__doc__)
        return 0
    return fit(request)


def fit(request: Request, then: Callable[[RunDirectory], int] | None = None) -> int:
    """Train what ``request`` asks for and return the exit code.

    Args:
        request: Of the verb ``fit``.
        then: Called on rank 0 with the directory of a run that came to its end; its exit code is
            the command's.
    """
    with shown("lightning_kit.loops"):
        return with_exit_code(lambda: _run(request, then))


def _run(request: Request, then: Callable[[RunDirectory], int] | None) -> int:
    try:
        one = _Fit(request, prepare(request))
    except SIGTERMException:
        if request.run is None and request.ckpt_path is None:
            raise
        say_terminated(" before training began; the same command goes on from its checkpoint")
        return EXIT_CODES["preempted"]
    code = one.run()
    directory = one.recorder.directory if one.recorder is not None else None
    if code == 0 and then is not None and directory is not None and global_rank() == 0:
        return then(directory)
    return code


class _Fit:
    """One training run, from its directory to its exit code."""

    recorder: RunRecorder | None = None

    def __init__(self, request: Request, source: Source) -> None:
        self.request, self.source = request, source
        self.scratch = TemporaryDirectory()
        self.keeper = SettingsKeeper(resuming=source.checkpoint is not None)
        try:
            self.cli = KitCLI(request, self._over_trainer)
        except BaseException:
            self._remove_unstarted()
            self.scratch.cleanup()
            raise
        self.keeper.listen(self.cli.model)

    def run(self) -> int:
        trainer, recorder = self.cli.trainer, self.recorder
        try:
            if recorder is not None:
                recorder.begin()
            with quiet():
                trainer.fit(**self.cli.run_arguments(self.source))
            self._refuse_no_batches()
        except SystemExit as ended:
            # Lightning exits by itself after Ctrl-C and SIGTERM, with a code that says neither.
            if recorder is None:
                raise
            recorder.fail(trainer, ended)
        except Exception as error:
            self._fail(error)
            if recorder is None:
                return 1
        finally:
            self._remove_unstarted()
            self.scratch.cleanup()
        if recorder is None:
            return 0
        recorder.end(trainer)
        if trainer.is_global_zero and recorder.directory is not None:
            self._tell(recorder.directory, recorder.record)
        return recorder.record.exit_code or 0

    def _fail(self, error: Exception) -> None:
        """Say and record what ended the fit; wrong input becomes an InputError."""
        trainer, recorder = self.cli.trainer, self.recorder
        if isinstance(error, GateRefused):
            # The run itself came to its end, which its record says.
            print(f"{PROGRAM}: {error}", file=sys.stderr)
            return
        if (wrong := input_error(error, trainer)) is not None:
            if recorder is not None:
                recorder.fail(trainer, error)
                recorder.withdraw()
            raise wrong from error
        traceback.print_exc()
        if recorder is not None:
            recorder.fail(trainer, error)

    def _tell(self, directory: RunDirectory, record: RunRecord) -> None:
        try:
            print_summary(directory, record)
            self._print_baselines(directory, record)
            print_next(directory, record)
        except SIGTERMException:
            say_terminated(" when the run was over")

    def _refuse_no_batches(self) -> None:
        if (line := without_batches(self.cli.trainer)) is not None:
            raise InputError(line)

    def _print_baselines(self, directory: RunDirectory, record: RunRecord) -> None:
        metrics = directory.path / "metrics.csv"
        if record.exit_code == 0 and record.best is not None and metrics.is_file():
            own = metrics_of_epoch(metrics, record.best["epoch"], "val")
            print_baselines(self.cli.datamodule, "val", own)

    def _over_trainer(self, cli: KitCLI, configured: dict[str, Any]) -> dict[str, Any]:
        """Give the trainer its run directory and the callbacks that keep it."""
        refuse_lost_record(configured)
        callbacks = [*as_list(configured["callbacks"]), MonitorCheck(), self.keeper]
        if configured["fast_dev_run"]:
            # Lightning 2.6.6 writes `last.ckpt` even then, where `save_last` is on.
            return {"callbacks": callbacks, "default_root_dir": self.scratch.name}
        epochs = self._epochs_done(configured)
        name = self._name(cli)
        root = runs_root(self.request, configured["default_root_dir"])
        directory = RunDirectory.create(name, root) if global_rank() == 0 else None
        began = None if self.source.checkpoint is None else str(self.source.checkpoint)
        best = self._best_so_far(name)
        settings = {LEAN: self.request.lean}
        record = RunRecord(name, best=best, resumed_from=began, epoch=epochs, settings=settings)
        self.recorder = RunRecorder(directory, record, written(cli))
        path = directory.path if directory is not None else root.absolute()
        return {
            "callbacks": [*callbacks, self.recorder],
            "default_root_dir": str(path),
            "logger": _loggers(configured["logger"], path),
        }

    def _epochs_done(self, configured: dict[str, Any]) -> int:
        """Return the whole epochs of the checkpoint; refuse to add nothing to them."""
        checkpoint = self.source.checkpoint
        if checkpoint is None or not checkpoint.is_file():
            return 0
        done = Progress.of(load(checkpoint, weights_only=self.request.weights_only))
        reached = done.nothing_left(configured["max_epochs"], configured["max_steps"])
        if reached is not None:
            raise InputError(f"{shown_path(checkpoint)}: the run has {reached}")
        return done.epochs

    def _name(self, cli: KitCLI) -> str:
        if (name := recipe_name(self.request.files)) is not None:
            return name
        return self.source.run.name if self.source.run is not None else type(cli.model).__name__

    def _best_so_far(self, name: str) -> dict[str, Any] | None:
        """Return the best score of the run that this one goes on with, and where it is kept.

        A run that starts from another recipe's checkpoint, or from an earlier one, begins without.
        """
        run = self.source.run
        if run is None or not (self.request.run is not None or run.name == name):
            return None
        if self.source.checkpoint != run.last():
            return None
        best = run.record().best
        return best and {**best, "path": str(run.path / best["path"])}

    def _remove_unstarted(self) -> None:
        """Leave no directory of a run that never came to its record."""
        directory = self.recorder.directory if self.recorder is not None else None
        if directory is not None and global_rank() == 0 and not directory.record_path.exists():
            directory.remove()


def _loggers(configured: Any, path: Path) -> list[Logger] | bool:
    """Return the run's ``metrics.csv`` first, then the configured loggers but for their CSV."""
    if configured is False:
        return False
    others = [logger for logger in as_list(configured) if isinstance(logger, Logger)]
    csv = [logger for logger in others if type(logger) is CSVLogger]
    # The base class has the attribute, though its stub does not say so.
    every_n_steps = getattr(csv[0], "_flush_logs_every_n_steps", 100) if csv else 100
    own = CSVLogger(path, name="", version="", flush_logs_every_n_steps=every_n_steps)
    return [own, *(logger for logger in others if type(logger) is not CSVLogger)]
