"""Find where in a train of cycles, each a multiple of the one before, an event stands."""

from dataclasses import dataclass

from lightning_kit.schedules.arguments import check_events, check_factor, check_values
from lightning_kit.schedules.growth import grown


@dataclass(frozen=True)
class Position:
    """An event within its cycle.

    Args:
        index: Events since the cycle began.
        size: Events of the cycle's own part.
        warmup: Events after that, which lead to the next cycle's start.
        start: Value at the cycle's start.
        end: Value that the cycle goes to.
        next_start: Value at the next cycle's start.
    """

    index: int
    size: int
    warmup: int
    start: float
    end: float
    next_start: float

    def warmed(self, value: float) -> float:
        """Return ``value``, or after the cycle's own part the way to the next start."""
        if self.index < self.size:
            return value
        return self.end + (self.next_start - self.end) * (self.index - self.size) / self.warmup


@dataclass(frozen=True)
class Cycles:
    """Cycles that restart, as Ignite's cyclical schedulers do.

    Args:
        start: Value at the first cycle's start.
        end: Value that it goes to.
        size: Its events, at least 2.
        size_mult: Ratio of a cycle's events to those of the one before, rounded down.
        start_mult: The same for ``start``.
        end_mult: The same for ``end``.
        warmup: Events after each cycle that lead linearly to the next one's start.
    """

    start: float
    end: float
    size: int
    size_mult: float
    start_mult: float
    end_mult: float
    warmup: int

    def __post_init__(self) -> None:
        check_values(start=self.start, end=self.end)
        check_events("cycle_size", self.size, at_least=2)
        check_factor(cycle_mult=self.size_mult)
        check_values(start_mult=self.start_mult, end_mult=self.end_mult)
        check_events("warmup", self.warmup, at_least=0)

    def locate(self, k: int) -> Position:
        """Return where event ``k`` stands."""
        size, warmup, cycle = self.size, self.warmup, 0
        while k >= size + warmup:
            # A cycle shrinks to one event at least: none at all would never end.
            following = max(1, int(size * self.size_mult)), int(warmup * self.size_mult)
            # Cycles that stay as they are need not be counted one by one.
            passed = k // (size + warmup) if following == (size, warmup) else 1
            cycle, k = cycle + passed, k - passed * (size + warmup)
            size, warmup = following
        start, next_start = (grown(self.start, self.start_mult, n) for n in (cycle, cycle + 1))
        return Position(k, size, warmup, start, grown(self.end, self.end_mult, cycle), next_start)
