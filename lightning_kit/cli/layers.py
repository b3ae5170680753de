"""Lay one configuration over another."""

import sys
from copy import deepcopy
from typing import Any

Config = dict[str, Any]
CLASS_KEYS = {"class_path", "init_args", "dict_kwargs"}


def lay(upper: Config, lower: Config) -> Config:
    """Return ``upper`` over ``lower``: mappings merge, all else is replaced.

    A changed ``class_path`` drops the lower ``init_args`` of that key. ``key+`` appends to a list.

    >>> lay({"a": {"x": 1}}, {"a": {"x": 0, "y": 0}})
    {'a': {'x': 1, 'y': 0}}
    >>> sgd = {"class_path": "torch.optim.SGD"}
    >>> lay({"o": sgd}, {"o": {"class_path": "torch.optim.Adam", "init_args": {"eps": 1}}})
    {'o': {'class_path': 'torch.optim.SGD'}}
    """
    merged = deepcopy(lower)
    for key, value in upper.items():
        if isinstance(key, str) and key.endswith("+"):
            merged[key[:-1]] = as_list(merged.get(key[:-1])) + deepcopy(as_list(value))
        else:
            merged[key] = _lay_value(value, merged.get(key))
    return merged


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, None as no items, and anything else as one.

    >>> as_list(None), as_list("a"), as_list(["a"])
    ([], ['a'], ['a'])
    """
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def nested(key: list[str], value: Any) -> Config:
    """Return ``{a: {b: value}}`` for ``[a, b]``.

    >>> nested(["a", "b"], 1)
    {'a': {'b': 1}}
    """
    for part in reversed(key):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def same_class(one: str, other: str) -> bool:
    """Say whether two class paths can mean one class; a short name matches any path to it.

    >>> same_class("Timer", "pytorch_lightning.callbacks.Timer"), same_class("a.B", "c.B")
    (True, False)
    """
    if "." in one and "." in other:
        return one == other or _found(one) is _found(other) is not None
    return one.rpartition(".")[2] == other.rpartition(".")[2]


def _found(path: str) -> Any:
    """Return what ``path`` names if its module is imported: one class may have several paths."""
    module, _, name = path.rpartition(".")
    return getattr(sys.modules.get(module), name, None)


def _lay_value(upper: Any, lower: Any) -> Any:
    if isinstance(upper, str) and isinstance(lower, dict) and "class_path" in lower:
        # A bare name in place of a class is its class path: `optimizer: torch.optim.SGD`.
        upper = {"class_path": upper}
    if isinstance(lower, str) and isinstance(upper, dict) and "init_args" in upper:
        # So it is where it stands below.
        lower = {"class_path": lower}
    if not (isinstance(upper, dict) and isinstance(lower, dict)):
        return deepcopy(upper)
    if "class_path" in lower:
        if "class_path" in upper and not same_class(upper["class_path"], lower["class_path"]):
            return deepcopy(upper)
        if "class_path" in upper and "." not in upper["class_path"]:
            upper = {**upper, "class_path": lower["class_path"]}
        if not CLASS_KEYS & upper.keys():
            # Arguments without their class are those of the class below.
            upper = {"init_args": upper}
    return lay(upper, lower)
