"""What the steps of an epoch spent their time on."""

from collections.abc import Mapping
from typing import final

import numpy as np

#: More steps than these are thinned out evenly.
MOST = 4096


@final
class StepTimes:
    """Means over all steps, and percentiles over up to 4,096 of them, evenly spread.

    Example:
        >>> times = StepTimes()
        >>> times.add({"waiting": 3.0, "forward": 1.0})
        >>> times.add({"waiting": 1.0, "forward": 1.0, "callbacks": 2.0})
        >>> times.means()
        {'waiting': 2.0, 'forward': 1.0, 'callbacks': 1.0}
        >>> times.percentile(50)
        4.0
    """

    def __init__(self) -> None:
        self.count = 0
        self._sums: dict[str, float] = {}
        self._kept: list[Mapping[str, float]] = []
        self._stride = 1

    def add(self, parts: Mapping[str, float]) -> None:
        """Take the next step: the seconds of its parts, which a step may lack. It keeps them."""
        sums = self._sums
        for part, seconds in parts.items():
            if part in sums:
                sums[part] += seconds
            else:
                sums[part] = seconds
        if self.count % self._stride == 0:
            self._kept.append(parts)
            if len(self._kept) == MOST:
                self._kept = self._kept[::2]
                self._stride *= 2
        self.count += 1

    def means(self) -> dict[str, float]:
        """Return the mean seconds of each part in a step; none of no steps."""
        return {part: total / self.count for part, total in self._sums.items()}

    def percentile(self, q: float, *parts: str) -> float:
        """Return the seconds that ``q`` percent of the steps stay within.

        Args:
            q: From 0 to 100.
            *parts: Of these parts together; none: of all.

        Raises:
            ValueError: If there is no step yet.
        """
        if not self._kept:
            raise ValueError("a percentile needs a step: add one first")
        values = [sum(step.get(part, 0.0) for part in parts or step) for step in self._kept]
        return float(np.percentile(values, q))
