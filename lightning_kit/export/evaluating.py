"""Evaluation mode that is borrowed and given back."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Put ``module`` into evaluation mode without gradients while the block runs.

    Each submodule gets back the mode it had, and so do gradients, also after an exception. What
    the block computes are ordinary tensors, also inside ``torch.inference_mode``.

    Example:
        >>> network = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2).eval())
        >>> with evaluating(network):
        ...     network.training
        False
        >>> [part.training for part in network.modules()]
        [True, True, False]
    """
    modes = [(part, part.training) for part in module.modules()]
    try:
        module.eval()
        with torch.inference_mode(False), torch.no_grad():
            yield
    finally:
        # Not `train(mode)`, which modules override, to keep a part frozen for example.
        for part, mode in modes:
            part.training = mode
