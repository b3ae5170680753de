"""A ramp that leads into another schedule."""

from collections.abc import Callable
from typing import final

from lightning_kit.schedules.arguments import check_events, check_schedule, check_values
from lightning_kit.schedules.schedule import Schedule


@final
class Warmup(Schedule):
    """From ``start`` to ``end`` in ``duration`` events, then another schedule from its event 0.

    ``end`` is reached at event ``duration - 1``. Where it is ``then(0)``, that event is already
    the other schedule's first, so no value is given twice. Equals Ignite's
    ``create_lr_scheduler_with_warmup``.

    Args:
        then: What comes after.
        start: Value at event 0.
        duration: Events of the ramp, both ends included, at least 2.
        end: What the ramp leads to; ``then(0)`` by default.

    Raises:
        ValueError: If ``duration`` is below 2, ``then`` no function of one argument, or a number
            not finite.

    Example:
        >>> from lightning_kit.schedules import Exponential
        >>> Warmup(Exponential(1.0, 0.5), 0.0, 3).values(5)
        [0.0, 0.5, 1.0, 0.5, 0.25]
        >>> Warmup(Exponential(1.0, 0.5), 0.0, 3, end=2.0).values(5)
        [0.0, 1.0, 2.0, 1.0, 0.5]
    """

    def __init__(
        self,
        then: Callable[[int], float],
        start: float,
        duration: int,
        end: float | None = None,
    ) -> None:
        check_schedule("then", then)
        check_events("duration", duration, at_least=2)
        first = then(0)
        check_values(start=start, end=first if end is None else end)
        self.then = then
        self.start = start
        self.duration = duration
        self.end = first if end is None else end
        self.ramp = duration - 1 if self.end == first else duration

    def at(self, k: int) -> float:
        if k >= self.ramp:
            return self.then(k - self.ramp)
        return self.start + (self.end - self.start) * k / (self.duration - 1)
