"""Hear of each fetch of a training batch."""

import logging
import sys
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import pytorch_lightning as pl

log = logging.getLogger(__name__)


def watch_fetches(
    trainer: pl.Trainer, before: Callable[[int], None], after: Callable[[int], None]
) -> Callable[[], None]:
    """Call ``before`` and ``after`` around each fetch of a training batch; return what ends that.

    Both get the 1-based number of the batch. A fetch that raises, also one that finds the loader
    at its end, is not followed by ``after``. It holds from the next start of an epoch on, for then
    the loop hands its two profiling functions to the fetcher.
    """
    loop = trainer.fit_loop.epoch_loop
    names = ("_on_before_fetch", "_on_after_fetch")
    if not all(callable(getattr(loop, name, None)) for name in names):
        log.warning("no event around fetching a batch: this Lightning's loop tells of none")
        return lambda: None
    if loop not in _fetch_watches:
        _fetch_watches[loop] = _install_watches(trainer, loop, names)
    watches, watch = _fetch_watches[loop], (before, after)
    watches.append(watch)

    def stop() -> None:
        if watch in watches:
            watches.remove(watch)
        if not watches and _fetch_watches.get(loop) is watches:
            del _fetch_watches[loop]
            for name in names:
                delattr(loop, name)

    return stop


FetchWatch = tuple[Callable[[int], None], Callable[[int], None]]


_fetch_watches: WeakKeyDictionary[Any, list[FetchWatch]] = WeakKeyDictionary()


def _install_watches(trainer: pl.Trainer, loop: Any, names: tuple[str, str]) -> list[FetchWatch]:
    watches: list[FetchWatch] = []
    stock_before, stock_after = (getattr(loop, name) for name in names)
    raised: list[BaseException | None] = [None]

    def number() -> int:
        fetcher = getattr(trainer.fit_loop, "_data_fetcher", None)
        progress = loop.batch_progress
        in_epoch = getattr(fetcher, "fetched", progress.current.ready)
        return int(progress.total.ready - progress.current.ready + in_epoch + 1)

    def on_before_fetch() -> None:
        raised[0] = sys.exc_info()[1]
        for before, _ in list(watches):
            before(number())
        stock_before()

    def on_after_fetch() -> None:
        stock_after()
        # The fetcher calls it in a `finally`.
        if sys.exc_info()[1] is raised[0]:
            for _, after in list(watches):
                after(number())

    for name, function in zip(names, (on_before_fetch, on_after_fetch), strict=True):
        setattr(loop, name, function)
    return watches
