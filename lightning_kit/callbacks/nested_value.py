"""Read and replace a value deep within objects, by the names that lead to it."""

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def nested(owner: Any, names: Sequence[str], path: str) -> Any:
    """Return what ``names`` lead to from ``owner``: attributes, keys, or indices of a list.

    Raises:
        ValueError: If one is not there, naming ``path`` and what is.
    """
    for name in names:
        owner = _get(owner, name, path)
    return owner


def is_number(value: object) -> bool:
    """Return whether ``value`` is a number or a tensor that holds one."""
    if isinstance(value, Tensor):
        return value.numel() == 1
    return isinstance(value, int | float) and not isinstance(value, bool)


def told(value: object) -> str:
    """Return in one line what ``value`` is, for a message that it is no number.

    Example:
        >>> told(torch.ones(2, 3)), told("many")
        ('Tensor of shape (2, 3)', "str 'many'")
    """
    kind = type(value).__name__
    if isinstance(value, Tensor | np.ndarray):
        return f"{kind} of shape {tuple(value.shape)}"
    if isinstance(value, nn.Module):
        return kind
    return f"{kind} {' '.join(reprlib.repr(value).split())}"


def replace(owner: Any, names: Sequence[str], value: Any, path: str) -> Any:
    """Put ``value`` where ``names`` lead; return ``owner``, or the tuple that replaces it.

    A number is written into a tensor in place, without a sync; an ``int`` stays one where ``value``
    is whole.

    Raises:
        ValueError: If a name is not there, naming ``path`` and what is, or cannot be set.
    """
    if not names:
        return _in_form_of(owner, value)
    name, *rest = names
    old = _get(owner, name, path)
    new = replace(old, rest, value, path)
    if new is old:
        return owner
    if isinstance(owner, tuple):
        entries = [new if i == int(name) else entry for i, entry in enumerate(owner)]
        return type(owner)(*entries) if hasattr(owner, "_fields") else tuple(entries)
    try:
        if isinstance(owner, list):
            owner[int(name)] = new
        elif isinstance(owner, Mapping):
            owner[name] = new  # type: ignore[index]
        else:
            setattr(owner, name, new)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"target {path!r} cannot be set: {error}") from error
    return owner


def _in_form_of(old: Any, value: Any) -> Any:
    if isinstance(old, Tensor) and isinstance(value, int | float):
        with torch.no_grad():
            return old.fill_(value)
    is_count = isinstance(old, int) and not isinstance(old, bool)
    return int(value) if is_count and isinstance(value, float) and value.is_integer() else value


def _get(owner: Any, name: str, path: str) -> Any:
    if isinstance(owner, list | tuple):
        if name.isdecimal() and int(name) < len(owner):
            return owner[int(name)]
        raise _unknown(owner, name, path, map(str, range(len(owner))))
    if isinstance(owner, Mapping):
        if name in owner:
            return owner[name]
        # The parameters themselves are no setting of an optimizer's group.
        raise _unknown(owner, name, path, (key for key in owner if key != "params"))
    try:
        return getattr(owner, name)
    except AttributeError:
        raise _unknown(owner, name, path, _attributes(owner)) from None


def _attributes(owner: Any) -> list[str]:
    names = [name for name in getattr(owner, "__dict__", {}) if not name.startswith("_")]
    if isinstance(owner, nn.Module):
        held = (
            owner.named_children(),
            owner.named_parameters(recurse=False),
            owner.named_buffers(recurse=False),
        )
        # Flags that every module has are nothing to schedule.
        names = [*(name for each in held for name, _ in each), *names]
        names = [name for name in names if name not in ("training", "prepare_data_per_node")]
    return names


def _unknown(owner: Any, name: str, path: str, names: Iterable[object]) -> ValueError:
    there = [str(each) for each in names]
    close = get_close_matches(name, there, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    what = "parameter group" if isinstance(owner, dict) and "params" in owner else type(owner)
    named = what if isinstance(what, str) else what.__name__
    return ValueError(
        f"target {path!r}: the {named} has no {name!r}; it has {', '.join(there) or 'nothing'}"
        f"{hint}"
    )
