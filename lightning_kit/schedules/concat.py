"""Schedules one after the other."""

from collections.abc import Callable, Sequence
from typing import final

from lightning_kit.schedules.arguments import check_events, check_listed, check_schedule
from lightning_kit.schedules.schedule import Schedule


@final
class Concat(Schedule):
    """Each schedule for its duration, the last one for ever; each starts at its own event 0.

    Args:
        schedules: At least two.
        durations: Events that each but the last one lasts, at least 1.

    Raises:
        ValueError: If a duration is missing, left over or below 1, there is one schedule only, or
            one of them is no function of one argument.

    Example:
        >>> from lightning_kit.schedules import Exponential, Linear
        >>> Concat([Linear(0.0, 1.0, 4), Exponential(1.0, 0.5)], [2]).values(5)
        [0.0, 0.5, 1.0, 0.5, 0.25]
    """

    def __init__(
        self, schedules: Sequence[Callable[[int], float]], durations: Sequence[int]
    ) -> None:
        check_listed("schedules", schedules, "schedules")
        check_listed("durations", durations, "events")
        if len(schedules) < 2:
            raise ValueError(f"schedules must be at least 2, got {len(schedules)}")
        if len(durations) != len(schedules) - 1:
            raise ValueError(
                f"durations must be {len(schedules) - 1}, one fewer than schedules: the last one "
                f"goes on for ever; got {len(durations)}"
            )
        for schedule in schedules:
            check_schedule("schedules", schedule)
        for duration in durations:
            check_events("durations", duration, at_least=1)
        self.schedules = list(schedules)
        self.durations = list(durations)

    def at(self, k: int) -> float:
        for schedule, duration in zip(self.schedules, self.durations, strict=False):
            if k < duration:
                return schedule(k)
            k -= duration
        return self.schedules[-1](k)
