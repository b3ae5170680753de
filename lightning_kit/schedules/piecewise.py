"""Straight lines between milestones."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import final

from lightning_kit.schedules.arguments import check_listed, check_order, check_values
from lightning_kit.schedules.schedule import Schedule


@final
class Piecewise(Schedule):
    """Straight lines from milestone to milestone; flat before the first and after the last.

    Equals Ignite's ``PiecewiseLinear``.

    Args:
        milestones: Pairs of an event and its value, by event; of two at one event the later holds.

    Raises:
        ValueError: If there is no milestone, or they are not in order.

    Example:
        >>> Piecewise([(1, 0.0), (3, 1.0)]).values(5)
        [0.0, 0.0, 0.5, 1.0, 1.0]
    """

    def __init__(self, milestones: Sequence[tuple[int, float]]) -> None:
        check_listed("milestones", milestones, "pairs (event, value)")
        if len(milestones) == 0:
            raise ValueError("milestones must hold at least one pair (event, value), got none")
        for pair in milestones:
            if not isinstance(pair, list | tuple) or len(pair) != 2:
                raise ValueError(f"milestones must be pairs (event, value), got {pair!r}")
            check_values(**{"a milestone's value": pair[1]})
        events = [event for event, _ in milestones]
        check_order("milestones", events, at_least=0)
        self.events = events
        self.milestone_values = [value for _, value in milestones]

    def at(self, k: int) -> float:
        after = bisect_right(self.events, k)
        if after == 0:
            return self.milestone_values[0]
        if after == len(self.events):
            return self.milestone_values[-1]
        (left, right) = self.events[after - 1 : after + 1]
        (start, end) = self.milestone_values[after - 1 : after + 1]
        return start + (end - start) * (k - left) / (right - left)
