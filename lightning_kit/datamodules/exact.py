"""Raw numbers on their way to the device, whatever precision the model is in."""

from typing import Any, final

import torch
from pytorch_lightning.plugins.precision import Precision
from torch import Tensor


@final
class Exact:
    """A tensor that "bf16-true" and "16-true" do not cast.

    Under these Lightning casts a batch before it is moved, so that the year 2015 is 2016 before
    ``preprocess`` takes the mean off, and the metrics compare with targets that nobody measured.
    It leaves alone what is no tensor, and moves whatever has a ``to``.

    Args:
        tensor: Any.
    """

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def to(self, device: Any, **options: Any) -> "Exact":
        # Lightning asks for it with tensors alone.
        options.setdefault("non_blocking", self.tensor.is_pinned())
        return Exact(self.tensor.to(device, **options))


def narrows(precision: Precision) -> bool:
    """Say whether a precision casts the floats of a batch to less than float32."""
    cast: Tensor = precision.convert_input(torch.zeros(()))
    return cast.dtype.itemsize < torch.float32.itemsize


def wrapped(batch: Any) -> Any:
    """Return ``(input, target)``, or a bare ``input``, held exact."""
    return tuple(map(Exact, batch)) if isinstance(batch, tuple) else Exact(batch)


def unwrapped(batch: Any) -> Any:
    """Return the tensors of a batch again; one that was never wrapped stays as it is."""
    if isinstance(batch, tuple | list) and any(isinstance(item, Exact) for item in batch):
        return tuple(unwrapped(item) for item in batch)
    return batch.tensor if isinstance(batch, Exact) else batch
