"""Between numpy's arrays, which formats and runtimes take, and torch's tensors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def as_tensors(arrays: Mapping[str, Any], device: torch.device | None = None) -> dict[str, Tensor]:
    """Return ``arrays`` as tensors on ``device``, sharing memory where torch may write to it."""
    tensors = {}
    for name, values in arrays.items():
        array = np.asarray(values)
        if not array.flags.writeable or any(step < 0 for step in array.strides):
            array = array.copy()
        tensors[name] = torch.from_numpy(array).to(device)
    return tensors


def as_arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    """Return ``tensors`` as arrays of their own."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


def device_of(module: nn.Module) -> torch.device:
    """Return where the first parameter or buffer of ``module`` lies; the CPU where it has none."""
    for tensor in (*module.parameters(), *module.buffers()):
        return tensor.device
    return torch.device("cpu")
