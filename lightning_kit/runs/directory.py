"""The run directory: make one, find one, and find the checkpoints in it."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self, final

from lightning_kit.runs.errors import RunError
from lightning_kit.runs.events import EventLog
from lightning_kit.runs.record import RunRecord

LATEST = "latest"


@final
@dataclass(frozen=True)
class RunDirectory:
    """A folder ``runs/<recipe name>/<yyyymmdd-hhmmss>/`` and the files that every run has."""

    path: Path
    # The folders above it that were made for it, innermost first.
    made: tuple[Path, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def create(cls, name: str, root: Path = Path("runs")) -> Self:
        """Make a new directory for a run of recipe ``name``; a taken name gets ``-2``, ``-3``...

        Call on rank 0 alone: the exclusive ``mkdir`` decides between runs that start together.
        RunError where ``latest`` is no link, which could not be moved without losing what it is.
        """
        parent = (root / name).absolute()
        link = parent / LATEST
        if link.exists() and not link.is_symlink():
            # A copy that follows links leaves a whole run there.
            what = "folder" if link.is_dir() else "file"
            raise RunError(
                f"{link} is a {what}, and a run needs that name for a link: rename it or remove it"
            )
        made = tuple(above for above in (parent, *parent.parents) if not above.exists())
        parent.mkdir(parents=True, exist_ok=True)
        stamp, number = datetime.now().strftime("%Y%m%d-%H%M%S"), 1
        while True:
            path = parent / (stamp if number == 1 else f"{stamp}-{number}")
            try:
                path.mkdir()
            except FileExistsError:
                number += 1
            else:
                return cls(path, made)

    def remove(self) -> None:
        """Remove it, and the folders that were made for it where nothing else came into them."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            for above in self.made:
                above.rmdir()

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Return the run in ``path``; RunError if it is not one."""
        resolved = Path(path).resolve()
        if not (resolved / "run.json").is_file():
            # Of what is not there, as a run that was removed, the neighbours are meant.
            folder = resolved if resolved.exists() else resolved.parent
            runs = sorted(found.parent for found in folder.glob("*/run.json"))
            hint = f"; did you mean {runs[-1]}?" if runs else ""
            raise RunError(f"{path} is not a run directory: it has no run.json{hint}")
        return cls(resolved)

    @classmethod
    def of_checkpoint(cls, checkpoint: Path) -> Self | None:
        """Return the run that ``checkpoint`` lies in, if it lies in one."""
        for parent in checkpoint.resolve().parents[:3]:
            if (parent / "run.json").is_file():
                return cls(parent)
        return None

    @classmethod
    def latest(cls, name: str, root: Path = Path("runs")) -> Self:
        """Return the newest run of recipe ``name``."""
        link = root / name / LATEST
        if not link.exists() and not link.is_symlink():
            raise RunError(
                f"no run of {name!r} below {root}/: train one first (lightning-kit fit), or name a "
                "run directory or a checkpoint"
            )
        return cls.open(link)

    @property
    def name(self) -> str:
        """The recipe's name; a copy of the run keeps it, wherever it lies."""
        try:
            return self.record().name
        except RunError:
            return self.path.parent.name

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def record_path(self) -> Path:
        return self.path / "run.json"

    @property
    def events(self) -> EventLog:
        return EventLog(self.path / "events.jsonl")

    def record(self) -> RunRecord:
        return RunRecord.read(self.record_path)

    def make_latest(self) -> Self | None:
        """Point ``latest`` here, in one step, and return the run that it pointed to before."""
        link = self.path.parent / LATEST
        before = type(self)(link.resolve()) if link.exists() else None
        beside = self.path.parent / f".{LATEST}.{os.getpid()}"
        beside.unlink(missing_ok=True)
        beside.symlink_to(self.path.name)
        beside.replace(link)
        return before

    def best(self) -> Path:
        """Return the best checkpoint that the run recorded."""
        best = self.record().best
        if best is None or not best.get("path"):
            # Where there is none at all, that is what is wrong.
            self.last()
            raise RunError(
                f"{self.path} records no best checkpoint (no ModelCheckpoint with a monitor saved "
                f"one); say --ckpt_path last, or one of: {self._listing()}"
            )
        return self._existing(best["path"])

    def last(self) -> Path:
        """Return the newest checkpoint of the run."""
        record = self.record()
        # A copy may have changed the files' times; a run that ended said which was its last.
        if record.last is not None and (self.path / record.last).exists():
            return self.path / record.last
        found = sorted(self.checkpoints.rglob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
        if found:
            return found[-1]
        if record.last is not None or record.resumed_from is not None:
            return self._existing(record.last or record.resumed_from or "")
        raise RunError(f"{self.path} has no checkpoint: start again from its config.yaml (fit -c)")

    def relative(self, path: str | Path) -> str:
        """Write ``path`` as the record does: relative where it lies inside."""
        absolute = Path(path).absolute()
        inside = absolute.is_relative_to(self.path)
        return str(absolute.relative_to(self.path) if inside else absolute)

    def dated_file(self, stem: str, suffix: str) -> Path:
        """Return the name of a new file ``<stem>-<yyyymmdd-hhmmss><suffix>`` that no file has."""
        stamp, number = datetime.now().strftime("%Y%m%d-%H%M%S"), 1
        while (path := self.path / f"{stem}-{stamp}{f'-{number}' * (number > 1)}{suffix}").exists():
            number += 1
        return path

    def _existing(self, name: str) -> Path:
        path = self.path / name
        if not path.exists():
            raise RunError(f"{path} is recorded but gone; there are: {self._listing()}")
        return path

    def _listing(self) -> str:
        names = sorted(self.relative(path) for path in self.checkpoints.rglob("*.ckpt"))
        return ", ".join(names) or "no checkpoints at all"
