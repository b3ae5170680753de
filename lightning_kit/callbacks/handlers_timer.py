"""Measure how long each callback takes in each of its hooks."""

import time
from pathlib import Path
from typing import Any, final

import pytorch_lightning as pl
from rich.console import Console

from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.timed_hooks import TimedHooks
from lightning_kit.callbacks.times_table import Times, rows, show, write_csv
from lightning_kit.callbacks.writable import path_of, place
from lightning_kit.compat import callbacks_of, refuse_twin
from lightning_kit.meters import EventFilter


@final
class HandlersTimer(pl.Callback):
    """Time the hooks that the other callbacks of a fit override; print a table at the end.

    Times are the host's. Work on a GPU is asynchronous: a hook that only starts some is charged
    for starting it, and one that waits for the device (a ``.item()``, a print of a loss) also for
    work that others started. A hook that runs others, such as an action that validates, is charged
    for them as well. Each fit begins anew, and each rank measures itself; rank 0 writes and prints.

    Args:
        path: A CSV file to write at the end: ``callback``, ``hook``, ``count``, and in seconds
            ``total_s``, ``mean_s``, ``min_s``, ``max_s`` and the sample ``std_s``; ``min_at`` and
            ``max_at`` are the number of the call, from 1. A relative one is below the trainer's
            ``default_root_dir``, in a run of the kit the run's directory. None: no file.
        table: Whether to print a table at the end.
        filter: Iterations, counted from 1, after which the file is written as well; by default
            none.

    Raises:
        ValueError: If ``filter`` is given without ``path``, or ``path`` cannot be written (a
            relative one: when the fit starts); when the fit starts, if there are two timers.
    """

    def __init__(
        self,
        path: str | None = None,
        *,
        table: bool = True,
        filter: EventFilter | None = None,
    ) -> None:
        if filter is not None and path is None:
            raise ValueError("filter has no effect without path: give a path, or leave it out")
        self.path = None if path is None else path_of("path", path, is_file=True, needs_local=True)
        self.table = table
        self.filter = filter
        self._times: Times = {}
        self._timed: TimedHooks | None = None
        self._file: Path | None = None
        self._began_s = 0.0

    def results(self) -> list[dict[str, Any]]:
        """Return one row a callback and hook that has run, with the CSV's columns.

        The longest total comes first. It may be asked for at any time, also during the fit.
        """
        return rows(self._times)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        if stage != "fit":
            return
        callbacks = callbacks_of(trainer)
        timers = sum(isinstance(each, HandlersTimer) for each in callbacks)
        if timers > 1:
            raise ValueError(f"one HandlersTimer is enough, got {timers}: leave the others out")
        if self.path is not None:
            self._file = Path(place(trainer, "path", self.path, is_file=True, needs_local=True))
        self._began_s = time.perf_counter()
        self._timed = TimedHooks(each for each in callbacks if each is not self)
        self._times = self._timed.times

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if self.filter and self.filter.matches(iteration(trainer)):
            self._write(trainer)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._end(trainer)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._end(trainer)

    def _end(self, trainer: pl.Trainer) -> None:
        if self._timed is None:
            return
        self._timed.give_back()
        self._timed = None
        self._write(trainer)
        if self.table and trainer.is_global_zero:
            show(self._times, time.perf_counter() - self._began_s, Console())

    def _write(self, trainer: pl.Trainer) -> None:
        if self._file is not None and trainer.is_global_zero:
            write_csv(self._times, self._file)
