"""Find where in a train of cycles, each a multiple of the one before, an event stands."""

from dataclasses import dataclass


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
        if self.size < 2:
            raise ValueError(f"cycle_size must be at least 2 events, got {self.size}")
        if self.size_mult <= 0:
            raise ValueError(f"cycle_mult must be above 0, got {self.size_mult}")
        if self.warmup < 0:
            raise ValueError(f"warmup must be at least 0 events, got {self.warmup}")

    def locate(self, k: int) -> Position:
        """Return where event ``k`` stands."""
        start, end, size, warmup = self.start, self.end, self.size, self.warmup
        if self.size_mult == 1:
            cycle, k = divmod(k, size + warmup)
            start, end = start * self.start_mult**cycle, end * self.end_mult**cycle
        else:
            while k >= size + warmup:
                k -= size + warmup
                # A cycle shrinks to one event at least: none at all would never end.
                size, warmup = max(1, int(size * self.size_mult)), int(warmup * self.size_mult)
                start, end = start * self.start_mult, end * self.end_mult
        return Position(k, size, warmup, start, end, start * self.start_mult)
