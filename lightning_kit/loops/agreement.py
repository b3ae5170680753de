"""Let all ranks hear of a SIGTERM at the same step, without a collective."""

import time
from typing import Any, final

EVERY_S = 1.0


@final
class Agreement:
    """Say on all ranks, at one and the same step, that one of them wants to stop.

    It goes through the process group's store, which touches neither device nor gradients. Most
    steps ask nothing: each verdict names the step of the next one. Rank 0 gives it, about once a
    second; the others wait for it there.

    Args:
        store: The process group's store.
        rank: This process's rank.
        name: What the keys in the store begin with, the same on all ranks and new for each run.
        lag: Steps that rank 0 may be ahead of another rank, at least 1.
    """

    def __init__(self, store: Any, rank: int, name: str, lag: int) -> None:
        self.store, self.rank, self.name, self.lag = store, rank, name, lag
        self.step = 0
        self.next_step = 1
        self._has_told = False
        self._since_s = time.monotonic()
        self._given: list[int] = []

    def reached(self, wants_to_stop: bool) -> bool:
        """Count a step, which all ranks take; return whether all of them are to stop at it."""
        self.step += 1
        if wants_to_stop and not self._has_told:
            self.store.add(f"{self.name}/told", 1)
            self._has_told = True
        if self.step < self.next_step:
            return False
        key = f"{self.name}/{self.step}"
        if self.rank == 0:
            stops = self.store.add(f"{self.name}/told", 0) > 0
            self.store.set(key, f"{int(stops)} {self._next()}")
            self._forget()
        verdict, next_step = self.store.get(key).split()
        self.next_step = int(next_step)
        return bool(int(verdict))

    def _next(self) -> int:
        """Return the step of the next verdict: at most twice as far as the last one was."""
        now_s = time.monotonic()
        taken = self.step - (self._given[-1] if self._given else 0)
        pace_s = max(now_s - self._since_s, 1e-9) / taken
        self._since_s = now_s
        return self.step + max(1, min(2 * taken, int(EVERY_S / pace_s)))

    def _forget(self) -> None:
        """Delete the verdicts that every rank has read."""
        self._given.append(self.step)
        while self._given[0] < self.step - self.lag:
            self.store.delete_key(f"{self.name}/{self._given.pop(0)}")
