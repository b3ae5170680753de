"""Arguments of a class in a configuration: lay a mapping over them, or set a single one."""

import inspect
from collections.abc import Callable
from typing import Any

from lightning_kit.cli.classes import by_import_path
from lightning_kit.cli.documents import Config
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.hints import kinds
from lightning_kit.cli.layers import CLASS_KEYS, lay
from lightning_kit.cli.nested_names import in_full
from lightning_kit.meters import EventFilter

# Takes the import path of a class, empty for none, and the name of its argument: gives the value.
Reader = Callable[[str, str], Any]


def laid(path: str, upper: Config, lower: Config) -> Config:
    """Return arguments of the class at ``path`` over those below them.

    A mapping for a filter replaces the one below: its fields exclude each other. A function by name
    replaces a class: it has none of its arguments.

    >>> laid("lightning_kit.callbacks.EMA", {"filter": {"every": 3}}, {"filter": {"after": 9}})
    {'filter': {'every': 3}}
    """
    kept = _left(path, upper, lower)
    return lay(in_full(upper), in_full(kept))


def set_argument(entry: Config, key: list[str], read: Reader) -> None:
    """Set the argument of ``entry``, a class, at ``key``; what it passes becomes a mapping.

    >>> entry = {"class_path": "a.B", "init_args": {"c": "x.Y"}}
    >>> set_argument(entry, ["c", "d"], lambda path, argument: f"{argument} of {path}")
    >>> entry["init_args"]
    {'c': {'class_path': 'x.Y', 'init_args': {'d': 'd of x.Y'}}}
    """
    *through, name = key
    if name == "class_path":
        # A bare name in place of a class is its class path.
        *through, name = through
    for part in through:
        entry = _opened(entry, part)
    path = entry.get("class_path", "")
    arguments = _arguments(entry, name)
    found = laid(path, {name: read(path, name)}, arguments)
    arguments.clear()
    arguments.update(found)


def _replaces(path: str, name: str, value: Any, below: Any) -> bool:
    if isinstance(value, dict):
        return EventFilter in kinds(path, name)
    # A text such as `rows.csv` must not import a module `rows`.
    is_class = isinstance(below, dict) and "class_path" in below
    return is_class and isinstance(value, str) and _names_function(value)


def _left(path: str, upper: Config, lower: Config) -> Config:
    """Return the arguments ``lower`` of a class without what ``upper`` replaces whole."""
    return {
        name: _without_filters(upper.get(name), below)
        for name, below in lower.items()
        if name not in upper or not _replaces(path, name, upper[name], below)
    }


def _without_filters(upper: Any, lower: Any) -> Any:
    """Return ``lower`` without what ``upper`` replaces whole in the classes inside."""
    if not (isinstance(upper, dict) and isinstance(lower, dict)):
        return lower
    arguments = lower.get("init_args")
    if "class_path" not in lower or not isinstance(arguments, dict):
        return {key: _without_filters(upper.get(key), value) for key, value in lower.items()}
    # Arguments without their class are those of the class below.
    given = upper if not CLASS_KEYS & upper.keys() else upper.get("init_args") or {}
    kept = _left(lower["class_path"], given, arguments)
    return {**lower, "init_args": kept}


def _names_function(name: str) -> bool:
    try:
        return inspect.isroutine(by_import_path(name))
    except InputError:
        return False


def _opened(entry: Config, part: str) -> Config:
    arguments = _arguments(entry, part)
    below = arguments.get(part)
    if isinstance(below, str):
        # Only a class has arguments.
        below = {"class_path": below}
    arguments[part] = found = below if isinstance(below, dict) else {}
    return found


def _arguments(entry: Config, part: str) -> Config:
    if "class_path" not in entry or part in CLASS_KEYS:
        return entry
    found: Config = entry.setdefault("init_args", {})
    return found
