"""What a constructor's arguments take, as their type hints say."""

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from lightning_kit.cli.classes import by_import_path


def kinds(path: str, argument: str) -> set[Any]:
    """Return the types that ``argument`` of the class at ``path`` may have; empty: nobody knows.

    >>> kinds("pytorch_lightning.callbacks.EarlyStopping", "patience")
    {<class 'int'>}
    """
    try:
        hint = get_type_hints(by_import_path(path).__init__).get(argument)
    except Exception:
        # A signature with names that only a type checker sees: jsonargparse is left to read it.
        return set()
    if hint is None:
        return set()
    return set(get_args(hint)) if get_origin(hint) in (Union, types.UnionType) else {hint}


def takes_class(path: str, argument: str) -> bool:
    """Say whether ``argument`` takes a class or function, and no text.

    >>> takes_class("lightning_kit.tasks.RegressionTask", "optimizer")
    True
    """
    found = kinds(path, argument)
    return bool(found) and not {str, Path, int, float, bool} & found


def takes_callable(path: str, argument: str) -> bool:
    """Say whether ``argument`` takes a function or an object to call, and no mapping.

    >>> takes_callable("lightning_kit.callbacks.ParamScheduler", "schedule")
    True
    """
    found = {get_origin(kind) or kind for kind in kinds(path, argument)}
    return Callable in found and dict not in found
