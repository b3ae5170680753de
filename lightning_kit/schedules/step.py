"""A value that changes by a factor every so many events."""

from typing import final

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
        if step_size < 1:
            raise ValueError(f"step_size must be at least 1 event, got {step_size}")
        if gamma <= 0:
            raise ValueError(f"gamma must be above 0, got {gamma}")
        self.start = start
        self.step_size = step_size
        self.gamma = gamma

    def at(self, k: int) -> float:
        return self.start * self.gamma ** (k // self.step_size)
