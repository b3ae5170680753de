"""Sum up durations without keeping them."""

import math
from typing import final


@final
class Durations:
    """Count, total, mean, spread and extremes of durations in seconds, with where these were.

    ``min_at`` and ``max_at`` are the number, from 1, of the first shortest and longest one.

    Example:
        >>> durations = Durations()
        >>> for seconds in (2.0, 1.0, 3.0):
        ...     durations.add(seconds)
        >>> durations.total_s, durations.mean_s, durations.min_at, durations.max_at, durations.std_s
        (6.0, 2.0, 2, 3, 1.0)
    """

    def __init__(self) -> None:
        self.count = 0
        self.total_s = 0.0
        self.min_s, self.max_s = math.inf, -math.inf
        self.min_at = self.max_at = 0
        self._mean = self._squares = 0.0

    def add(self, seconds: float) -> None:
        """Take the next duration."""
        self.count += 1
        self.total_s += seconds
        if seconds < self.min_s:
            self.min_s, self.min_at = seconds, self.count
        if seconds > self.max_s:
            self.max_s, self.max_at = seconds, self.count
        # Welford's way: squares of large sums would lose a small spread.
        away = seconds - self._mean
        self._mean += away / self.count
        self._squares += away * (seconds - self._mean)

    @property
    def mean_s(self) -> float:
        """The mean; nan of none."""
        return self.total_s / self.count if self.count else math.nan

    @property
    def std_s(self) -> float:
        """The sample standard deviation; nan of fewer than two."""
        return math.sqrt(self._squares / (self.count - 1)) if self.count > 1 else math.nan
