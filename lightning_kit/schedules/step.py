"""A value that changes by a factor every so many events."""

from typing import final

from lightning_kit.schedules.arguments import check_events, check_factor, check_values
from lightning_kit.schedules.growth import grown
from lightning_kit.schedules.schedule import Schedule


@final
class Step(Schedule):
    """``start * gamma ** (k // step_size)``, as torch's ``StepLR``.

    Args:
        start: Value at event 0.
        step_size: Events that a value holds, at least 1.
        gamma: Factor from one value to the next, above 0.

    Raises:
        ValueError: If a number is out of range.

    Example:
        >>> Step(1.0, 2, 0.5).values(5)
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, start: float, step_size: int, gamma: float) -> None:
        check_values(start=start)
        check_events("step_size", step_size, at_least=1)
        check_factor(gamma=gamma)
        self.start = start
        self.step_size = step_size
        self.gamma = gamma

    def at(self, k: int) -> float:
        return grown(self.start, self.gamma, k // self.step_size)
