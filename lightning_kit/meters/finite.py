"""Look for NaN and infinity in anything."""

import cmath
import math
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
import torch
from torch import Tensor

_WITHOUT_NUMBERS = (str, bytes, bytearray, memoryview, range)


def all_finite(value: Any) -> bool:
    """Return whether no number in ``value`` is NaN or infinite.

    Looks into tensors, numpy arrays, numbers, and sequences, sets and mappings of them. Text is
    not looked at, and whatever else there is, None too, counts as finite. However many tensors
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
        # A quantised tensor holds whole numbers, one on the device "meta" none at all.
        if not (value.is_quantized or value.is_meta):
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
    elif isinstance(value, Sequence | Set) and not isinstance(value, _WITHOUT_NUMBERS):
        for each in value:
            yield from _leaves(each)


def _is_finite(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    if tensor.layout is torch.sparse_coo:
        tensor = tensor.coalesce().values()
    elif tensor.is_mkldnn:
        tensor = tensor.to_dense()
    elif tensor.layout is not torch.strided:
        tensor = tensor.values()
    if tensor.dtype.itemsize == 1 and tensor.is_floating_point():
        tensor = tensor.float()  # torch knows of no type of eight bits whether it is finite
    return torch.isfinite(tensor).all()
