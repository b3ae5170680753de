"""Where the callbacks of one trainer write what is not a number at a step."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any, final
from weakref import WeakKeyDictionary

import pytorch_lightning as pl

from lightning_kit.compat import callbacks_of
from lightning_kit.runs.events import EventLog
from lightning_kit.runs.recorder import RunRecorder


@final
class RunEvents:
    """The events of one run, written by rank 0 alone.

    Args:
        log: The file; None on the other ranks.
    """

    def __init__(self, log: EventLog | None) -> None:
        self.log = log

    @classmethod
    def of(cls, trainer: pl.Trainer) -> "RunEvents":
        """Return the events of ``trainer``: its run's, else a file in its ``log_dir``.

        Call it in ``setup`` on all ranks: on a plain Trainer it asks for ``log_dir``, a broadcast.
        """
        if trainer not in _of:
            _of[trainer] = cls(_log(trainer))
        return _of[trainer]

    def append(self, kind: str, **fields: Any) -> None:
        """Write one event: when, what kind, and its plain ``fields``."""
        if self.log is not None:
            self.log.path.parent.mkdir(parents=True, exist_ok=True)
            self.log.append(kind, **fields)


_of: WeakKeyDictionary[pl.Trainer, RunEvents] = WeakKeyDictionary()


def _log(trainer: pl.Trainer) -> EventLog | None:
    for callback in callbacks_of(trainer):
        if isinstance(callback, RunRecorder):
            return None if callback.directory is None else callback.directory.events
    folder = trainer.log_dir or trainer.default_root_dir
    if not trainer.is_global_zero:
        return None
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    return EventLog(Path(folder) / f"events-{stamp}-{os.getpid()}.jsonl")
