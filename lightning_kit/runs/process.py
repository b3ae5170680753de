"""Tell one process from another that later got the same pid."""

import subprocess
from pathlib import Path


def start_time(pid: int) -> str | None:
    """Return when ``pid`` started, in the words of its system, or None if it is not running."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name in field 2 may hold spaces and brackets: count from its closing one.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] == "Z" else fields[19]
    listed = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip() or None


def is_running(pid: int, started: str | None) -> bool:
    """Say whether the process that had ``pid`` and began at ``started`` still runs here.

    >>> import os
    >>> is_running(os.getpid(), start_time(os.getpid()))
    True
    >>> is_running(os.getpid(), "another")
    False
    """
    return (now := start_time(pid)) is not None and now == started
