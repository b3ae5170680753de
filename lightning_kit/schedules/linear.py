"""A triangle that restarts, or a ramp."""

from typing import final

from lightning_kit.schedules.cycle import Cycles
from lightning_kit.schedules.schedule import Schedule


@final
class Linear(Schedule):
    """From ``start`` to ``end`` and back within a cycle, again and again; or one way only.

    Equals Ignite's ``LinearCyclicalScheduler``.

    Args:
        start: Value at a cycle's start.
        end: Value in its middle; of a ramp, what it leads to.
        cycle_size: Events of a cycle, at least 2.
        cycle_mult: Ratio of a cycle's events to those of the one before, rounded down.
        start_mult: Ratio of a cycle's ``start`` to the one before.
        end_mult: Ratio of a cycle's ``end`` to the one before.
        warmup: Events after each ramp that lead from its end to the next one's start.
        monotonic: Whether a cycle is the ramp from ``start`` to ``end`` alone.

    Raises:
        ValueError: If a number is out of range, or ``warmup`` is given without ``monotonic``.

    Example:
        >>> Linear(0.0, 1.0, 4).values(6)
        [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
        >>> Linear(0.0, 1.0, 4, monotonic=True).values(6)
        [0.0, 0.25, 0.5, 0.75, 0.0, 0.25]
    """

    def __init__(
        self,
        start: float,
        end: float,
        cycle_size: int,
        *,
        cycle_mult: float = 1,
        start_mult: float = 1,
        end_mult: float = 1,
        warmup: int = 0,
        monotonic: bool = False,
    ) -> None:
        if warmup and not monotonic:
            raise ValueError(
                f"warmup={warmup} needs monotonic=True: a triangle ends where it began"
            )
        self.cycles = Cycles(start, end, cycle_size, cycle_mult, start_mult, end_mult, warmup)
        self.monotonic = monotonic

    def at(self, k: int) -> float:
        at = self.cycles.locate(k)
        done = at.index / at.size
        if self.monotonic:
            return at.warmed(at.start + (at.end - at.start) * done)
        return at.end + (at.start - at.end) * abs(done - 0.5) * 2
