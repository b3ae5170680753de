"""Play back what another process has measured."""

from collections.abc import Sequence
from typing import Any, final


@final
class Recorded:
    """Legs that are over.

    Args:
        seconds: Of each leg, in order.
    """

    def __init__(self, seconds: Sequence[float]) -> None:
        self._legs = iter(seconds)

    def leg(self) -> float:
        return next(self._legs)

    def finish(self) -> Any:
        return None
