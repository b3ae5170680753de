"""A value that changes by a factor at given events."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import final

from lightning_kit.schedules.arguments import check_factor, check_listed, check_order, check_values
from lightning_kit.schedules.growth import grown
from lightning_kit.schedules.schedule import Schedule


@final
class MultiStep(Schedule):
    """``start`` times ``gamma`` for each milestone reached, as torch's ``MultiStepLR``.

    Args:
        start: Value at event 0.
        milestones: Events at which the value changes, in order, each at least 1.
        gamma: Factor from one value to the next, above 0.

    Raises:
        ValueError: If a number is out of range or out of order.

    Example:
        >>> MultiStep(1.0, [2, 3], 0.5).values(5)
        [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    def __init__(self, start: float, milestones: Sequence[int], gamma: float) -> None:
        check_values(start=start)
        check_listed("milestones", milestones, "events")
        if len(milestones) == 0:
            raise ValueError("milestones must hold at least one event, got none")
        check_order("milestones", milestones, at_least=1)
        check_factor(gamma=gamma)
        self.start = start
        self.milestones = list(milestones)
        self.gamma = gamma

    def at(self, k: int) -> float:
        return grown(self.start, self.gamma, bisect_right(self.milestones, k))
