"""Find null where an argument takes none: jsonargparse lets it pass, and training dies of it."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from lightning_kit.cli.classes import by_import_path
from lightning_kit.cli.documents import Config
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.hints import kinds

PLAIN = (bool, int, float, str, Path, list, dict, tuple, set)


def nulls(path: str, entry: Config) -> Iterator[str]:
    """Yield one line for each null in ``entry``, at ``path``, that its argument does not take.

    >>> stopping = {"class_path": "pytorch_lightning.callbacks.EarlyStopping"}
    >>> list(nulls("a", {**stopping, "init_args": {"patience": None}}))
    ['a.patience: must be int, got null']
    """
    for name, value in entry["init_args"].items():
        if value is None and (wanted := _wanted(entry["class_path"], str(name))):
            yield f"{path}.{name}: must be {wanted}, got null"


def _wanted(path: str, argument: str) -> str:
    """Return what ``argument`` takes, nothing where that may be null or nobody knows."""
    found = kinds(path, argument)
    if not all(_is_plain(kind) for kind in found) or _default(path, argument) is None:
        return ""
    return " or ".join(sorted(_shown(kind) for kind in found))


def _is_plain(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return None not in get_args(kind)
    return (get_origin(kind) or kind) in PLAIN and kind is not NoneType


def _default(path: str, argument: str) -> Any:
    """Return the default; one of None says that null will do, whatever the hint."""
    try:
        parameters = inspect.signature(by_import_path(path)).parameters
    except (InputError, TypeError, ValueError):
        return None
    return parameters[argument].default if argument in parameters else None


def _shown(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    return getattr(kind, "__name__", str(kind)) if get_origin(kind) is None else str(kind)
