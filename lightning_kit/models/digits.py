"""What must keep its digits where a model is cast to a type of few."""

from collections.abc import Callable

import torch
from torch import Tensor

Cast = Callable[[Tensor], Tensor]


def keeping_digits(cast: Cast) -> Cast:
    """Return what ``nn.Module._apply`` calls instead of ``cast``: it moves, and only widens types.

    >>> keeping_digits(Tensor.half)(torch.tensor(2015.1))
    tensor(2015.1000)
    """

    def keep(tensor: Tensor) -> Tensor:
        found = cast(tensor)
        dtype = torch.promote_types(found.dtype, tensor.dtype)
        return found if dtype == found.dtype else tensor.to(found.device)

    return keep
