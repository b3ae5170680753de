"""A value that shrinks or grows by a factor at each event."""

from typing import final

from lightning_kit.schedules.schedule import Schedule


@final
class Exponential(Schedule):
    """``start * gamma ** k``, as torch's ``ExponentialLR``.

    Args:
        start: Value at event 0.
        gamma: Factor from one event to the next, above 0.

    Raises:
        ValueError: If ``gamma`` is not above 0.

    Example:
        >>> Exponential(1.0, 0.5).values(4)
        [1.0, 0.5, 0.25, 0.125]
    """

    def __init__(self, start: float, gamma: float) -> None:
        if gamma <= 0:
            raise ValueError(f"gamma must be above 0, got {gamma}")
        self.start = start
        self.gamma = gamma

    def at(self, k: int) -> float:
        return self.start * self.gamma**k
