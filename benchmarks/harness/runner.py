"""An alternative that is measured a piece at a time."""

import time
from collections.abc import Callable
from typing import Any, Literal, Protocol, final

Clock = Literal["wall", "cpu"]
#: ``cpu`` is this thread's own: what other processes take from the machine is left out.
CLOCKS: dict[Clock, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.thread_time}


class Runner(Protocol):
    """One alternative. Legs are equal pieces of its work."""

    def leg(self) -> float:
        """Do the next piece and return the seconds it took."""

    def finish(self) -> Any:
        """Return what shows that the work was done."""


@final
class Calls:
    """A function that is called once a leg.

    Args:
        work: Does a leg's work; what the last call returns shows that it was done.
        clock: What to read.
    """

    def __init__(self, work: Callable[[], Any], clock: Clock = "wall") -> None:
        self.work, self.now = work, CLOCKS[clock]
        self.outcome: Any = None

    def leg(self) -> float:
        start = self.now()
        self.outcome = self.work()
        return self.now() - start

    def finish(self) -> Any:
        return self.outcome
