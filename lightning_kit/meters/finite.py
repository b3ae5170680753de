"""Look for NaN and infinity in anything."""

import cmath
import math
from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np
import torch
from torch import Tensor


def all_finite(value: Any) -> bool:
    """Return whether no number in ``value`` is NaN or infinite.

    Looks into tensors, numpy arrays, numbers, and lists, tuples, sets and mappings of them. Text
    is not looked at, and whatever else there is, None too, counts as finite. However many tensors
    there are, each device is read once.

    Example:
        >>> all_finite({"loss": 0.5, "scores": [1.0, float("nan")], "name": "nan"})
        False
    """
    flags: dict[torch.device, list[Tensor]] = {}
    for leaf in _leaves(value):
        if isinstance(leaf, Tensor):
            flags.setdefault(leaf.device, []).append(_is_finite(leaf))
        elif not leaf:
            return False
    return all(bool(torch.stack(each).all()) for each in flags.values())


def _leaves(value: Any) -> Iterator[Tensor | bool]:
    """Yield tensors, and of each other number whether it is finite."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, np.ndarray) and value.dtype == object:
        yield from _leaves(value.ravel().tolist())
    elif isinstance(value, np.ndarray | np.number):
        yield bool(np.isfinite(value).all()) if value.dtype.kind in "fc" else True
    elif isinstance(value, float):
        yield math.isfinite(value)
    elif isinstance(value, complex):
        yield cmath.isfinite(value)
    elif isinstance(value, Mapping):
        yield from _leaves(list(value.values()))
    elif isinstance(value, list | tuple | Set):
        for each in value:
            yield from _leaves(each)


def _is_finite(tensor: Tensor) -> Tensor:
    if tensor.layout is not torch.strided:
        tensor = tensor.coalesce() if tensor.layout is torch.sparse_coo else tensor
        tensor = tensor.values()
    return torch.isfinite(tensor.detach()).all()
