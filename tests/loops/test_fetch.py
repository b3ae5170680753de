"""Batches are fetched as Lightning's fetcher fetches them, and its counts stay right."""

from collections.abc import Iterator
from typing import Any

import pytest
from programs.lean_pairs import HOOKS, Program, Stream, loader, pair
from pytorch_lightning.loops.fetchers import _PrefetchDataFetcher
from pytorch_lightning.utilities.combined_loader import CombinedLoader
from torch.utils.data import DataLoader

from lightning_kit.loops.fetch import fetch_of


class Short:
    """Has fewer batches than it says."""

    def __len__(self) -> int:
        return 5

    def __iter__(self) -> Iterator[Any]:
        return iter(list(loader())[:3])


def fetched(loaders: Any, *, is_direct: bool) -> list[Any]:
    fetcher = _PrefetchDataFetcher()
    fetcher.setup(CombinedLoader(loaders, "max_size_cycle"))
    iter(fetcher)
    fetch = fetch_of(fetcher) if is_direct else lambda: next(fetcher)[0]
    found: list[Any] = []
    while True:
        try:
            fetch()
        except StopIteration:
            break
        found.append((fetcher.fetched, fetcher.done, fetcher.combined_loader._iterator._idx))  # type: ignore[union-attr]
    return [*found, (fetcher.fetched, fetcher.done)]


@pytest.mark.parametrize(
    "loaders", [[1, 2, 3], Short(), {"a": [1, 2], "b": [1, 2, 3]}, iter([1, 2]), []]
)
def test_the_fetchers_counts_are_the_same(loaders: Any) -> None:
    if isinstance(loaders, Iterator):
        assert fetched(iter([1, 2]), is_direct=True) == fetched(iter([1, 2]), is_direct=False)
    else:
        assert fetched(loaders, is_direct=True) == fetched(loaders, is_direct=False)


@pytest.mark.parametrize(
    "train",
    [Short(), DataLoader(Stream(), 4), CombinedLoader([loader()], "min_size")],
    ids=["short", "stream", "combined"],
)
def test_a_fit_on_other_loaders_is_lightnings(train: Any) -> None:
    def first(batch: Any) -> Any:
        return batch[0] if isinstance(batch[0], list) else batch

    class First(Program):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            return super().training_step(first(batch), batch_idx)

    stock, lean = pair(First, train=train, of_callback=HOOKS)
    assert not stock["error"]
    assert stock == lean


def test_an_exception_of_the_loader_passes() -> None:
    class Torn:
        def __len__(self) -> int:
            return 3

        def __iter__(self) -> Iterator[Any]:
            yield next(iter(loader()))
            raise OSError("torn")

    stock, lean = pair(Program, train=Torn())
    assert stock["error"] == "OSError: torn"
    assert stock == lean
