"""Remember a module's buffers, to undo what a forward pass did to them."""

from typing import final

import torch
from torch import Tensor, nn


@final
class BufferSnapshot:
    """A copy of every buffer of ``module``, on its device, also of those that are not saved.

    Args:
        module: The module to copy from.
    """

    def __init__(self, module: nn.Module) -> None:
        self._buffers: dict[str, Tensor] = {
            name: buffer.detach().clone() for name, buffer in module.named_buffers()
        }

    def restore(self, module: nn.Module) -> None:
        """Write the copies back in place; a buffer that has another shape now is left alone."""
        with torch.no_grad():
            for name, buffer in module.named_buffers():
                kept = self._buffers.get(name)
                if kept is not None and kept.shape == buffer.shape:
                    buffer.copy_(kept)
