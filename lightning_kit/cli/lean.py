"""``--lean``: a setting of the command line alone, which ``run.json`` keeps for reruns.

A recipe stays a file that a stock LightningCLI reads, so none can hold it.
"""

from collections.abc import Iterable
from pathlib import Path

from lightning_kit.cli.documents import meant
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.errors import RunError

NAME = "lean"


def said(flag: Flag) -> bool:
    """Return what the flag says; InputError if that is neither true nor false.

    >>> said(Flag("lean", "false", "--lean"))
    False
    """
    value = meant(flag.value or "")
    if not isinstance(value, bool):
        got = "no value" if flag.value is None else repr(flag.value)
        raise InputError(f"{flag.source}: must be true or false, got {got}")
    return value


def kept(files: Iterable[str], run: RunDirectory | None) -> bool:
    """Return what the runs say that a command repeats, the topmost layer first; else True.

    Args:
        files: Config files, lowest first; a run's own ``config.yaml`` brings its setting along.
        run: The run whose settings lie below them, if there is one.
    """
    named = [RunDirectory(Path(file).parent) for file in files if Path(file).name == "config.yaml"]
    for found in (*reversed(named), run):
        value = None if found is None else _recorded(found)
        if value is not None:
            return value
    return True


def _recorded(run: RunDirectory) -> bool | None:
    try:
        value = run.record().settings.get(NAME)
    except RunError:
        # It repeats without its record too, and with the same results.
        return None
    if value is not None and not isinstance(value, bool):
        raise InputError(f"{run.record_path}: settings.{NAME} must be true or false, got {value!r}")
    return value
