"""Fetch the batches of one loader, without the machinery for several."""

from collections.abc import Callable
from typing import Any

from pytorch_lightning.loops.fetchers import _DataFetcher, _PrefetchDataFetcher
from pytorch_lightning.utilities.combined_loader import CombinedLoader, _MaxSizeCycle


def fetch_of(fetcher: _DataFetcher) -> Callable[[], Any]:
    """Return what fetches the next batch, and raises StopIteration behind an epoch's last."""
    loader: Any = fetcher.iterator
    is_one = (
        type(fetcher) is _PrefetchDataFetcher
        # Without a length, Lightning fetches a batch ahead.
        and fetcher.length is not None
        and type(loader) is CombinedLoader
        and type(loader._iterator) is _MaxSizeCycle
        and len(loader.flattened) == 1
        and loader.iterables is loader.flattened[0]
    )
    if not is_one:
        return lambda: next(fetcher)[0]
    cycle: Any = loader._iterator
    length: int = fetcher.length or 0

    def fetch() -> Any:
        if fetcher.done:
            raise StopIteration
        fetcher._start_profiler()
        try:
            batch = next(cycle.iterators[0])
        except StopIteration:
            cycle._consumed[0] = True
            fetcher.done = True
            raise
        finally:
            fetcher._stop_profiler()
        cycle._idx += 1
        fetcher.fetched += 1
        fetcher.done = fetcher.fetched >= length
        return batch

    return fetch
