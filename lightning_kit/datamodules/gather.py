"""Gather the rows of a batch, where the device can fetch them best."""

import torch
from torch import Tensor


def rows(tensor: Tensor, index: Tensor) -> Tensor:
    """Return the rows ``index`` (M,) of ``tensor`` (N, ...), on its own device."""
    return tensor.index_select(0, index)


def pinned_rows(tensor: Tensor, index: Tensor) -> Tensor:
    """Return the same rows of a tensor on the CPU, gathered at once into page-locked memory.

    torch reuses such memory only after the copies from it are done.
    """
    out = torch.empty((len(index), *tensor.shape[1:]), dtype=tensor.dtype, pin_memory=True)
    return torch.index_select(tensor, 0, index, out=out)


def pays(tensor: Tensor, device: torch.device) -> bool:
    """Say whether page-locked batches of ``tensor`` are copied faster to ``device``.

    Lightning copies without waiting to anything but the CPU and MPS, and CUDA is what can.
    """
    return device.type == "cuda" and tensor.device.type == "cpu"
