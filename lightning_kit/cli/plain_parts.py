"""Find the part of a configuration that its own dataclass refused: a filter, a rule.

jsonargparse builds those before the class that takes them, and says nothing of where they stand.
"""

import traceback
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin

from lightning_kit.cli.documents import Config
from lightning_kit.cli.hints import kinds
from lightning_kit.cli.places import addressed, walk


def refused(error: BaseException, config: Config) -> str | None:
    """Return where the part stands of which a dataclass raised ``error``, None for any other."""
    raisers = {
        type(frame.f_locals.get("self")) for frame, _ in traceback.walk_tb(error.__traceback__)
    }
    for path, cls, given in _parts(config):
        if cls in raisers and _said_of(cls, given) == str(error):
            return addressed(path, config)
    return None


def _parts(config: Config) -> Iterator[tuple[str, type, Config]]:
    """Yield each mapping that stands for an object of a dataclass."""
    for path, entry in walk(config):
        arguments = entry.get("init_args")
        for name, value in arguments.items() if isinstance(arguments, dict) else ():
            for cls in _dataclasses(kinds(entry["class_path"], str(name))):
                if isinstance(value, dict):
                    yield f"{path}.{name}", cls, value
                for index, item in enumerate(value if isinstance(value, list) else ()):
                    if isinstance(item, dict):
                        yield f"{path}.{name}[{index}]", cls, item


def _dataclasses(hints: set[Any]) -> list[type]:
    inner = {part for hint in hints if get_origin(hint) is list for part in get_args(hint)}
    return [hint for hint in hints | inner if isinstance(hint, type) and is_dataclass(hint)]


def _said_of(cls: type, given: Config) -> str | None:
    try:
        cls(**given)
    except Exception as error:
        return str(error)
    return None
