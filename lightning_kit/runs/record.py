"""``run.json``: what a run is doing, and how it ended."""

import json
import os
import platform
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Self

from lightning_kit.runs.errors import RunError
from lightning_kit.runs.process import is_running, start_time

Status = Literal["running", "finished", "stopped", "failed", "preempted"]
# The reason that a record does not hold, for the process that would have written it is gone.
KILLED = "killed"
PACKAGES = ("lightning_kit", "torch", "pytorch-lightning", "torchmetrics", "jsonargparse")


@dataclass
class RunRecord:
    """The content of ``run.json``.

    ``best`` holds ``monitor``, ``mode``, ``score``, ``epoch`` (1-based) and ``path`` of the best
    checkpoint, ``last`` the newest checkpoint, ``resumed_from`` the one that the run began
    with; paths inside the run directory are relative to it.
    ``settings`` are those of the kit's command line alone, which ``config.yaml`` cannot hold.
    """

    name: str
    status: Status = "running"
    stop_reason: str = ""
    exit_code: int | None = None
    best: dict[str, Any] | None = None
    last: str | None = None
    resumed_from: str | None = None
    epoch: int = 0
    started: str = field(default_factory=lambda: datetime.now().astimezone().isoformat())
    seconds: float = 0.0
    command: list[str] = field(default_factory=lambda: list(sys.argv))
    settings: dict[str, Any] = field(default_factory=dict)
    git_commit: str | None = field(default_factory=lambda: _git_commit())
    versions: dict[str, str] = field(default_factory=lambda: _versions())
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    process_started: str | None = field(default_factory=lambda: start_time(os.getpid()))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read ``run.json``; one that says ``running`` while its process is gone was killed."""
        try:
            record = cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            raise RunError(f"{path.parent} is not a run directory: it has no {path.name}") from None
        except (ValueError, TypeError) as error:
            raise RunError(f"{path} cannot be read as a run's record: {error}") from None
        # On another host nobody can tell, so the record is believed.
        here = record.host == socket.gethostname()
        if (
            record.status == "running"
            and here
            and not is_running(record.pid, record.process_started)
        ):
            record.status, record.stop_reason = "failed", KILLED
        return record

    def write(self, path: Path) -> None:
        """Replace ``path`` atomically: a reader sees the old record or the new one."""
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        with beside.open("w") as file:
            json.dump(asdict(self), file, indent=2, allow_nan=True)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    @property
    def ending(self) -> str:
        """The status as a person reads it, e.g. ``failed (killed)``."""
        return f"{self.status} ({self.stop_reason})" if self.stop_reason else self.status


def _git_commit() -> str | None:
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return found.stdout.strip() or None


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
