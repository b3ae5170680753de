"""Half a cosine wave that restarts."""

import math
from typing import final

from lightning_kit.schedules.cycle import Cycles
from lightning_kit.schedules.schedule import Schedule


@final
class Cosine(Schedule):
    """From ``start`` to ``end`` within a cycle along half a cosine wave, again and again.

    Equals Ignite's ``CosineAnnealingScheduler``; source: https://arxiv.org/abs/1506.01186.

    Args:
        start: Value at a cycle's start.
        end: Value that it leads to.
        cycle_size: Events of a cycle, at least 2.
        cycle_mult: Ratio of a cycle's events to those of the one before, rounded down.
        start_mult: Ratio of a cycle's ``start`` to the one before.
        end_mult: Ratio of a cycle's ``end`` to the one before.
        warmup: Events after each cycle that lead linearly from its end to the next one's start.

    Raises:
        ValueError: If a number is out of range.

    Example:
        >>> [round(value, 3) for value in Cosine(1.0, 0.0, 4).values(6)]
        [1.0, 0.854, 0.5, 0.146, 1.0, 0.854]
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
    ) -> None:
        self.cycles = Cycles(start, end, cycle_size, cycle_mult, start_mult, end_mult, warmup)

    def at(self, k: int) -> float:
        at = self.cycles.locate(k)
        fallen = (1 - math.cos(math.pi * at.index / at.size)) / 2
        return at.warmed(at.start + (at.end - at.start) * fallen)
