"""All ranks hear of it at one step, whichever wanted to stop, and seldom ask."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from torch._C._distributed_c10d import HashStore

from lightning_kit.loops import agreement
from lightning_kit.loops.agreement import Agreement


class Counts:
    """A store that counts what it is asked."""

    def __init__(self) -> None:
        self.store = HashStore()
        self.store.set_timeout(timedelta(seconds=20))
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        self.asked += 1
        return getattr(self.store, name)


def stopped_at(told: dict[int, int], num_steps: int = 400) -> list[int | None]:
    """Return the step at which each of three ranks was told to stop.

    Args:
        told: Rank to the step at which that one wants to stop.
        num_steps: Steps after which they end by themselves.
    """
    store, found = HashStore(), dict[int, int | None]()
    store.set_timeout(timedelta(seconds=20))
    together = threading.Barrier(3, timeout=20)

    def run(rank: int) -> None:
        part = Agreement(store, rank, "a", lag=2)
        found[rank] = None
        for step in range(1, num_steps + 1):
            if part.reached(step >= told.get(rank, num_steps + 1)):
                found[rank] = step
                break
            together.wait()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[rank] for rank in range(3)]


@pytest.mark.parametrize("told", [{0: 7}, {2: 7}, {1: 3, 2: 90}])
def test_every_rank_stops_at_the_same_step(
    told: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "EVERY_S", 1e-3)
    steps = stopped_at(told)
    assert len(set(steps)) == 1
    assert steps[0] is not None
    assert steps[0] >= min(told.values())


def test_nobody_stops_where_nobody_wants_to() -> None:
    assert stopped_at({}, num_steps=60) == [None] * 3


def test_a_quiet_step_asks_nothing_and_the_store_does_not_fill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(range(10**9))
    monkeypatch.setattr("time.monotonic", lambda: next(clock) * 1e-3)
    store = Counts()
    part = Agreement(store, 0, "a", lag=2)
    for _ in range(2000):
        assert not part.reached(False)
    # 1, 2, 4, ... steps from one verdict to the next.
    assert store.asked < 60
    assert store.store.num_keys() <= 4
