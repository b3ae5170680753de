"""What a person reads at the end of a fit."""

import os
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.record import RunRecord


def print_summary(directory: RunDirectory, record: RunRecord) -> None:
    """Print best score, epoch, why the run ended, seconds and its directory."""
    shown = shown_path(directory.path)
    table = Table(show_header=False, title=f"{record.name}: {record.status}", title_justify="left")
    if record.best is not None:
        table.add_row("best", f"{record.best['monitor']} {record.best['score']:.4g}")
        table.add_row("at epoch", f"{record.best['epoch']} of {record.epoch}")
    else:
        table.add_row("epochs", str(record.epoch))
    table.add_row("ended", record.stop_reason or "out of epochs or steps")
    table.add_row("seconds", f"{record.seconds:.1f}")
    table.add_row("directory", shown)
    Console().print(table)


def print_next(directory: RunDirectory, record: RunRecord) -> None:
    """Print the command that a person would type next."""
    if record.last is None and record.resumed_from is None:
        return
    if record.status == "failed":
        # The same command would fail again.
        return
    resumable = record.status == "preempted" or record.stop_reason == "Ctrl-C"
    verb = "fit" if resumable else "test"
    which = " --ckpt_path last" if verb == "test" and record.best is None else ""
    print(f"next: lightning-kit {verb} {shown_path(directory.path)}{which}")


def shown_path(path: Path) -> str:
    """Return ``path`` as a person in this folder would type it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
