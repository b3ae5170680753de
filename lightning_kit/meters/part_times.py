"""Add up the time of parts that lie within one another, as it passes."""

import time
from collections.abc import Callable
from typing import final

from lightning_kit.meters.timeline import OTHER


@final
class PartTimes:
    """The seconds of each part without the parts within it, and those of none, ``other``.

    It does at once what :class:`Timeline` leaves for later, and takes less than that in all.

    Args:
        now: Gives the time in seconds.

    Example:
        >>> times = PartTimes(iter([0.0, 1.0, 3.0, 6.0, 7.0, 9.0]).__next__)
        >>> times.open("step")
        >>> times.open("backward")
        >>> times.close()
        >>> times.close()
        >>> times.cut()
        {'other': 3.0, 'step': 3.0, 'backward': 3.0}
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._own = {OTHER: 0.0}
        self._open = [OTHER]
        self._began = now()

    def open(self, part: str) -> None:
        """Begin ``part``, within the one that is open."""
        own, now = self._own, self._now()
        own[self._open[-1]] += now - self._began
        if part not in own:
            own[part] = 0.0
        self._open.append(part)
        self._began = now

    def close(self) -> None:
        """End the part that was opened last; nothing where a cut has ended it."""
        now = self._now()
        self._own[self._open[-1]] += now - self._began
        if len(self._open) > 1:
            self._open.pop()
        self._began = now

    def cut(self) -> dict[str, float]:
        """Return the times since the last cut, and begin anew. A part that is open ends."""
        now, own = self._now(), self._own
        own[self._open[-1]] += now - self._began
        self._own, self._open, self._began = {OTHER: 0.0}, [OTHER], now
        return own
