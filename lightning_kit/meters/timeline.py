"""Share out time among parts that lie within one another."""

import operator
import time
from collections.abc import Callable, Sequence
from typing import Any, final

#: Time that is within no part.
OTHER = "other"
_EDGE = ""
Mark = tuple[str | None, Any]


@final
class Timeline:
    """Take down when parts begin and end; what that comes to is worked out later.

    Args:
        now: Gives a moment: seconds, or anything else that :func:`own_times` is told to compare,
            such as an event of a device, which nobody has to wait for here.

    Example:
        >>> timeline = Timeline(iter([0.0, 1.0, 3.0, 6.0, 7.0, 9.0]).__next__)
        >>> timeline.open("step")
        >>> timeline.open("backward")
        >>> timeline.close()
        >>> timeline.close()
        >>> own_times(timeline.cut())
        {'other': 3.0, 'step': 3.0, 'backward': 3.0}
    """

    def __init__(self, now: Callable[[], Any] = time.perf_counter) -> None:
        self._now = now
        self._marks: list[Mark] = []
        self.cut()

    def open(self, part: str) -> None:
        """Begin ``part``, within the one that is open."""
        self._marks.append((part, self._now()))

    def close(self) -> None:
        """End the part that was opened last."""
        self._marks.append((None, self._now()))

    def cut(self) -> list[Mark]:
        """Return the stretch since the last cut. A part that is open ends with it."""
        now = self._now()
        stretch, self._marks = self._marks, [(_EDGE, now)]
        stretch.append((_EDGE, now))
        return stretch


def own_times(
    stretch: Sequence[Mark], seconds: Callable[[Any, Any], float] | None = None
) -> dict[str, float]:
    """Return the seconds of each part without the parts within it, and those of ``other``.

    Args:
        stretch: What :meth:`Timeline.cut` returned.
        seconds: The time from one moment to another; by default their difference.
    """
    times, open_parts, began = {OTHER: 0.0}, [OTHER], stretch[0][1]
    for part, moment in stretch[1:]:
        spent = operator.sub(moment, began) if seconds is None else seconds(began, moment)
        times[open_parts[-1]] = times.get(open_parts[-1], 0.0) + spent
        began = moment
        if part is not None:
            open_parts.append(part)
        elif len(open_parts) > 1:
            # Else a part that was cut in two.
            open_parts.pop()
    return times
