"""Data without one row, by a loader that knows its length or by one that does not."""

from collections.abc import Iterator
from typing import Any

from programs.plain import PlainData
from torch.utils.data import DataLoader, IterableDataset, TensorDataset


class NoRows(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter(())


class EmptyData(PlainData):
    """``sized`` says whether the loader knows that it is empty."""

    def __init__(self, sized: bool = True, batch_size: int = 8) -> None:
        super().__init__(batch_size=batch_size)
        self.sized = sized

    def train_dataloader(self) -> DataLoader[Any]:
        if not self.sized:
            return DataLoader(NoRows(), batch_size=self.batch_size)
        return DataLoader(TensorDataset(*self.rows[:0]), batch_size=self.batch_size)
