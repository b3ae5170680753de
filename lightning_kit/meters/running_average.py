"""An exponential moving average of a stream of numbers or tensors."""

from collections.abc import Mapping
from typing import Any, TypeVar, final

import torch
from torch import Tensor

from lightning_kit.meters.arguments import is_number

Value = TypeVar("Value", float, Tensor)


@final
class RunningAverage:
    """Average with weight ``alpha`` on the past: ``alpha * average + (1 - alpha) * x``.

    The first value is the first average, as in Ignite. Tensors are averaged in float32 or wider.

    Args:
        alpha: Weight of the past, in (0, 1].

    Raises:
        ValueError: If ``alpha`` is out of range.

    Example:
        >>> average = RunningAverage(alpha=0.5)
        >>> [average.update(x) for x in (4.0, 2.0, 2.0)]
        [4.0, 3.0, 2.5]
    """

    def __init__(self, alpha: float = 0.98) -> None:
        if not is_number(alpha) or not 0 < alpha <= 1:
            raise ValueError(f"alpha must be in (0, 1], got {alpha!r}")
        self.alpha = alpha
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self.value: float | Tensor | None = None

    def update(self, x: Value) -> Value:
        """Take the next value; return the average: a float, or a tensor on its own device."""
        new: float | Tensor
        past: float | Tensor | None
        if isinstance(x, Tensor):
            # A copy, for its owner may write into it; and bfloat16 could not hold a slow average.
            wide = torch.promote_types(x.dtype, torch.float32)
            new = x.detach().to(wide, copy=True)
            # A restored checkpoint leaves the past on the CPU.
            past = self.value.to(x.device) if isinstance(self.value, Tensor) else self.value
        else:
            new = float(x)
            past = None if self.value is None else float(self.value)
        if past is not None:
            new = past * self.alpha + new * (1 - self.alpha)
        self.value = new
        return new

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.value = state["value"]
