"""A running average over batches, or over the means of epochs."""

from collections.abc import Mapping
from typing import Any, cast, final

import torch
from torch import Tensor

from lightning_kit.meters import RunningAverage


@final
class Averaged:
    """Feed a running average with each value, or with the mean of an epoch's values.

    Args:
        alpha: Weight of the past, in (0, 1].
        by_epoch: Whether to average the epochs' means.
    """

    def __init__(self, alpha: float, *, by_epoch: bool) -> None:
        self.by_epoch = by_epoch
        self._average = RunningAverage(alpha)
        self.reset()

    @property
    def value(self) -> float | Tensor | None:
        """The average, None before the first value."""
        return self._average.value

    def reset(self) -> None:
        """Forget all values."""
        self._average.reset()
        # Whether a value was asked for is the same on all ranks; whether there was one is not.
        self.asked = False
        self._sum: float | Tensor = 0.0
        self._count = 0

    def update(self, value: float | Tensor | None) -> None:
        """Take a batch's value; None for a batch that was skipped."""
        self.asked = True
        if value is None:
            return
        if not self.by_epoch:
            self._average.update(cast(float, value))
            return
        if isinstance(value, Tensor):
            value = value.detach().to(torch.promote_types(value.dtype, torch.float32))
        # Not in place: the first value is its owner's.
        self._sum = self._sum + value
        self._count += 1

    def end_epoch(self) -> None:
        """Take the mean of the epoch's values, if there were any."""
        if self._count:
            self._average.update(cast(float, self._sum) / self._count)
        self._sum, self._count = 0.0, 0

    def state_dict(self) -> dict[str, Any]:
        return {
            "average": self._average.state_dict(),
            "asked": self.asked,
            "sum": self._sum,
            "count": self._count,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._average.load_state_dict(state["average"])
        self.asked, self._sum, self._count = state["asked"], state["sum"], state["count"]
