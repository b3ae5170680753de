"""Look for NaN and infinity in gradients without reading the device."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn


def finite_gradients(parameters: Iterable[nn.Parameter]) -> Tensor | None:
    """Return a scalar of bool on the device: whether all gradients are finite; None for none.

    Of a sharded gradient this rank's part is looked at.
    """
    norms = [
        # The largest size of a finite gradient does not overflow, as a sum of squares would.
        torch.linalg.vector_norm(gradient, float("inf")).float()
        for gradient in _gradients(parameters)
        if gradient.numel()
    ]
    if not norms:
        return None
    return torch.isfinite(torch.stack([norm.to(norms[0].device) for norm in norms])).all()


def drop_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Take the gradients away: torch's optimizers leave such a parameter and its state alone.

    Zeros would not do: momentum and weight decay move a parameter whose gradient is zero.
    """
    for parameter in parameters:
        parameter.grad = None


def poison_if(is_finite: Tensor, loss: Tensor) -> None:
    """Make the gradients of ``loss`` NaN where ``is_finite`` is False, on its device.

    A loss that is NaN can have finite gradients. With NaN ones the all-reduce of data parallel
    training tells every rank, without another collective.
    """
    if loss.requires_grad:
        register: Any = loss.register_hook
        register(lambda grad: torch.where(is_finite, grad, torch.nan))


def _gradients(parameters: Iterable[nn.Parameter]) -> Iterator[Tensor]:
    for parameter in parameters:
        gradient = parameter.grad
        if gradient is None:
            continue
        gradient = gradient.detach()
        if hasattr(gradient, "to_local"):
            gradient = gradient.to_local()
        if gradient.layout is torch.sparse_coo:
            gradient = gradient.coalesce().values()
        yield gradient
