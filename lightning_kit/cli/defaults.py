"""Keep the defaults of one class out of another that takes its place.

Where ``optimizer`` defaults to AdamW and a file says SGD, jsonargparse 4.53 hands AdamW's
``weight_decay`` to SGD, since SGD takes an argument of that name. So the class that stands in a
configuration gets its own defaults written out.
"""

import inspect
from typing import Any

from lightning_kit.cli.classes import by_import_path
from lightning_kit.cli.documents import Config
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.hints import takes_class


def with_own_defaults(config: Any) -> Any:
    """Return ``config`` with the defaults of each class that replaces a default written out."""
    if isinstance(config, list):
        return [with_own_defaults(item) for item in config]
    if not isinstance(config, dict):
        return config
    config = {key: with_own_defaults(value) for key, value in config.items()}
    if isinstance(config.get("class_path"), str) and isinstance(config.get("init_args"), dict):
        defaults = _defaults(config["class_path"])
        config["init_args"] = {
            name: _complete(value)
            if defaults.get(name) is not None and _is_class(config["class_path"], name, value)
            else value
            for name, value in config["init_args"].items()
        }
    return config


def _is_class(path: str, argument: str, value: Any) -> bool:
    """Say whether ``value`` can be a class; the text ``rows.csv`` must not import a module."""
    return isinstance(value, dict) or takes_class(path, argument)


def _complete(value: Any) -> Any:
    entry: Config = {"class_path": value} if isinstance(value, str) else value
    if not isinstance(entry, dict) or "." not in str(entry.get("class_path", "")):
        return value
    try:
        if not isinstance(by_import_path(entry["class_path"]), type):
            # A function by name, which is called later with arguments of its own.
            return value
    except InputError:
        return value
    own = {k: v for k, v in _defaults(entry["class_path"]).items() if _is_plain(v)}
    return {**entry, "init_args": {**own, **(entry.get("init_args") or {})}}


def _defaults(path: str) -> dict[str, Any]:
    if "." not in path:
        return {}
    try:
        parameters = inspect.signature(by_import_path(path)).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)
