"""Find arguments without type or default that are not given: jsonargparse hands None to them."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from lightning_kit.cli.classes import by_import_path
from lightning_kit.cli.documents import Config
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.hints import kinds
from lightning_kit.cli.layers import as_list


def unfilled(path: str, entry: Config) -> Iterator[str]:
    """Yield one line for ``entry``, a class at ``path``, and each class in its arguments.

    What it lacks of typed arguments jsonargparse says itself.
    """
    cls = _class(entry.get("class_path"))
    arguments = entry.get("init_args") or {}
    if cls is None or not isinstance(arguments, dict):
        return
    given = {*arguments, *(entry.get("dict_kwargs") or {})}
    if needed := [name for name in _untyped(cls) if name not in given]:
        yield f"{path} ({cls.__name__}): needs {', '.join(needed)}"
    for name, value in arguments.items():
        if not _is_built(kinds(entry["class_path"], name)):
            continue
        for index, item in enumerate(as_list(value)):
            place = f"{path}.{name}[{index}]" if isinstance(value, list) else f"{path}.{name}"
            if isinstance(item, str | dict):
                yield from unfilled(place, {"class_path": item} if isinstance(item, str) else item)


def _class(path: Any) -> type | None:
    if not isinstance(path, str) or not all(part.isidentifier() for part in path.split(".")):
        return None
    try:
        found = by_import_path(path)
    except InputError:
        return None
    return found if isinstance(found, type) else None


def _untyped(cls: type) -> Iterator[str]:
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        return
    for parameter in parameters:
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if named and parameter.annotation is parameter.default is parameter.empty:
            yield parameter.name


def _is_built(hints: set[Any]) -> bool:
    """Say whether an argument with these hints takes objects of a class, built beforehand.

    What a function returns by its hint is built by who calls that, with arguments of its own.
    """
    if {str, Path} & hints:
        # A text such as `rows.csv` must not import a module `rows`.
        return False
    inner = hints | {part for hint in hints if _is_list(hint) for part in get_args(hint)}
    functions = [hint for hint in inner if get_origin(hint) is Callable]
    if any(_is_class(get_args(hint)[-1]) for hint in functions if get_args(hint)):
        return False
    return bool(functions) or any(map(_is_class, inner))


def _is_class(hint: Any) -> bool:
    return isinstance(hint, type) and hint.__module__ not in ("builtins", "typing")


def _is_list(hint: Any) -> bool:
    origin = get_origin(hint)
    return isinstance(origin, type) and origin is not type and hasattr(origin, "__getitem__")
