"""Refuse functions that cannot be called as they will be, before they are."""

import inspect
from typing import Any


def accepts(function: Any, *args: Any, **kwargs: Any) -> bool:
    """Return whether ``function`` can be called so; True of a builtin that does not tell."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        return True
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def name_of(function: Any) -> str:
    """Return where ``function`` is defined and what it is called; of an object, its class."""
    function = getattr(function, "func", function)
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def described(function: Any) -> str:
    """Return the name and arguments of ``function``, as far as it tells."""
    name = getattr(function, "__qualname__", repr(function))
    try:
        return f"{name}{inspect.signature(function)}"
    except (TypeError, ValueError):
        return name


def check_function(name: str, function: object, *takes: str) -> None:
    """Raise ValueError unless ``function`` can be called with arguments such as ``takes`` names.

    A class whose instances are functions is refused as well: an instance was meant.
    """
    wanted = f"({', '.join(takes)})"
    if not callable(function):
        raise ValueError(f"{name} must be a function of {wanted}, got {function!r}")
    refuse_class(name, function)
    if not accepts(function, *takes):
        raise ValueError(f"{name} must take {wanted}, got {described(function)}")


def refuse_class(name: str, function: object) -> None:
    """Raise ValueError for a class whose instances are functions."""
    if isinstance(function, type) and any("__call__" in vars(kind) for kind in function.__mro__):
        raise ValueError(
            f"{name} must be a function, got the class {function.__qualname__}: give an instance, "
            f"{function.__qualname__}(...)"
        )
