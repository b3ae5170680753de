"""A value times a power."""

import math


def grown(start: float, factor: float, times: int) -> float:
    """Return ``start * factor ** times``, infinite where no float is as large."""
    try:
        return start * factor**times
    except OverflowError:
        if start == 0:
            return 0.0
        negative = (factor < 0 and times % 2 == 1) != (start < 0)
        return -math.inf if negative else math.inf
