"""A value that shrinks or grows by a factor at each event."""

from typing import final

from lightning_kit.schedules.arguments import check_factor, check_values
from lightning_kit.schedules.growth import grown
from lightning_kit.schedules.schedule import Schedule


@final
class Exponential(Schedule):
    """``start * gamma ** k``, as torch's ``ExponentialLR``.

    Args:
        start: Value at event 0.
        gamma: Factor from one event to the next, above 0.

    Raises:
        ValueError: If a number is not finite, or ``gamma`` not above 0.

    Example:
        >>> Exponential(1.0, 0.5).values(4)
        [1.0, 0.5, 0.25, 0.125]
    """

    def __init__(self, start: float, gamma: float) -> None:
        check_values(start=start)
        check_factor(gamma=gamma)
        self.start = start
        self.gamma = gamma

    def at(self, k: int) -> float:
        return grown(self.start, self.gamma, k)
