"""Let long runs take turns within one process, so that each pair of samples is close in time."""

import threading
from collections.abc import Callable
from typing import Any, final

from benchmarks.harness.runner import CLOCKS, Clock


@final
class Turn:
    """A run in a thread of its own that stands still between two legs.

    The run calls the ``boundary`` it is given where a leg begins: for a fit, at each epoch's first
    batch. A leg is what happens from one boundary to the next. One thread runs at a time, and one
    that waits costs nothing; what comes before the first boundary and after the last is in no leg.

    Args:
        run: Takes ``boundary`` and returns what shows that the work was done.
        clock: What to read.

    Raises:
        RuntimeError: At a leg, if the run ended before it; whatever the run raised.
    """

    def __init__(self, run: Callable[[Callable[[], None]], Any], clock: Clock = "wall") -> None:
        self._now = CLOCKS[clock]
        self._go, self._paused = threading.Semaphore(0), threading.Semaphore(0)
        self._start, self._seconds = 0.0, 0.0
        self._outcome: Any = None
        self._error: BaseException | None = None
        self._is_over = self._is_free = False
        # The clocks of a thread that is never joined must not keep the process alive.
        self._thread = threading.Thread(target=self._run, args=(run,), daemon=True)
        self._start = 0.0
        self._thread.start()
        self._resume()

    def leg(self) -> float:
        self._resume()
        if self._is_over:
            raise RuntimeError("a run ended before its last leg: give it one more epoch than legs")
        return self._seconds

    def finish(self) -> Any:
        self._is_free = True
        self._resume()
        return self._outcome

    def _resume(self) -> None:
        self._go.release()
        self._paused.acquire()
        if self._error is not None:
            raise self._error

    def _run(self, run: Callable[[Callable[[], None]], Any]) -> None:
        self._go.acquire()
        try:
            self._outcome = run(self._boundary)
        except BaseException as error:
            self._error = error
        self._is_over = True
        self._paused.release()

    def _boundary(self) -> None:
        self._seconds = self._now() - self._start
        if not self._is_free:
            self._paused.release()
            self._go.acquire()
        self._start = self._now()
