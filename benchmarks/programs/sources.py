"""One epoch of shuffled batches from each source of data."""

import csv
import importlib.util
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.programs.seed import Batch
from lightning_kit import datamodules
from lightning_kit.datamodules import AbstractDataModule

BATCH, CLASSES = 32, 10


@dataclass(frozen=True)
class Rows:
    """Seeded rows that several sources hold.

    Args:
        num: How many.
        features: Width of the float32 input ``(num, features)``.
    """

    num: int
    features: int

    def tensors(self) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(0)
        input = torch.randn(self.num, self.features, generator=generator)
        return input, torch.randint(0, CLASSES, (self.num,), generator=generator)


@dataclass
class Epoch:
    """What an epoch gave, for comparison: rows, and sums that do not depend on their order."""

    rows: int
    features: int
    input: float
    target: int


def drain(batches: Callable[[], Iterable[Batch]]) -> int:
    """Go through an epoch and return its rows."""
    rows = 0
    for input, _ in batches():
        rows += len(input)
    return rows


def look(batches: Callable[[], Iterable[Batch]]) -> Epoch:
    """Go through an epoch and add it up."""
    found = Epoch(0, 0, 0.0, 0)
    for input, target in batches():
        found.rows += len(input)
        found.features = input.shape[1]
        found.input += input.double().sum().item()
        found.target += int(target.sum())
    return found


def plain_indexing(rows: Rows) -> Callable[[], Iterator[Batch]]:
    input, target = rows.tensors()

    def batches() -> Iterator[Batch]:
        for index in torch.split(torch.randperm(len(input)), BATCH):
            yield input[index], target[index]

    return batches


def data_loader(rows: Rows) -> Callable[[], Iterable[Batch]]:
    loader: DataLoader[Any] = DataLoader(TensorDataset(*rows.tensors()), BATCH, shuffle=True)
    return lambda: loader


def has_datasets() -> bool:
    return importlib.util.find_spec("datasets") is not None


def datasets_library(rows: Rows) -> Callable[[], Iterator[Batch]]:
    import datasets

    input, target = rows.tensors()
    held = datasets.Dataset.from_dict({"input": input.numpy(), "target": target.numpy()})
    loader: DataLoader[Any] = DataLoader(held.with_format("torch"), BATCH, shuffle=True)

    def batches() -> Iterator[Batch]:
        for batch in loader:
            yield batch["input"], batch["target"]

    return batches


def of_datamodule(module: AbstractDataModule) -> Callable[[], Iterable[Batch]]:
    """Return epochs of a datamodule's training part, each in an order of its own."""
    module.setup("fit")
    loader = module.train_dataloader()
    epochs = iter(range(10**9))

    def batches() -> Iterable[Any]:
        loader.set_epoch(next(epochs))
        return loader

    return batches


def array(rows: Rows, folder: Path) -> AbstractDataModule:
    input, target = rows.tensors()
    path = folder / f"rows_{rows.features}.npz"
    np.savez(path, input=input.numpy(), target=target.numpy())
    return datamodules.ArrayDataModule(train_path=str(path), val_path=str(path), batch_size=BATCH)


def table(rows: Rows, folder: Path) -> AbstractDataModule:
    input, target = rows.tensors()
    path = folder / f"rows_{rows.features}.csv"
    names = [f"feature_{number}" for number in range(rows.features)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "label"])
        # Letters, for the label is no number either.
        for row, label in zip(input.tolist(), target.tolist(), strict=True):
            writer.writerow([*row, f"class {label}"])
    return datamodules.TableDataModule(
        str(path), "label", val_path=str(path), test_path=str(path), standardise=False,
        batch_size=BATCH,
    )  # fmt: skip


def synthetic(rows: Rows, _: Path) -> AbstractDataModule:
    return datamodules.SyntheticDataModule(
        BATCH, num_rows=round(rows.num / 0.7), num_features=rows.features, num_classes=CLASSES
    )


def digits(*_: Any) -> AbstractDataModule:
    return datamodules.DigitsDataModule(BATCH)


#: How each datamodule gets the rows, or rows of its own.
BUILT: dict[str, Callable[[Rows, Path], AbstractDataModule]] = {
    "ArrayDataModule": array,
    "TableDataModule": table,
    "SyntheticDataModule": synthetic,
    "DigitsDataModule": digits,
}
#: Those whose rows are not the given ones.
OWN_ROWS = ("SyntheticDataModule", "DigitsDataModule")


def discovered() -> list[str]:
    """Return the names of all datamodules that the kit exports.

    Raises:
        ValueError: If one has no entry in ``BUILT``.
    """
    found = [
        name
        for name in datamodules.__all__
        if inspect.isclass(kind := getattr(datamodules, name))
        and issubclass(kind, AbstractDataModule)
        and not inspect.isabstract(kind)
    ]
    missing = sorted(set(found) - set(BUILT))
    if missing:
        raise ValueError(f"{missing} need an entry in benchmarks/programs/sources.py")
    return found


def sources(rows: Rows, folder: Path, names: list[str]) -> dict[str, Any]:
    """Return functions that build each source, by name."""
    built: dict[str, Any] = {
        "DataLoader(TensorDataset)": partial(data_loader, rows),
        "plain indexing": partial(plain_indexing, rows),
    }
    if has_datasets():
        built["datasets library"] = partial(datasets_library, rows)

    def start(name: str) -> Any:
        return of_datamodule(BUILT[name](rows, folder))

    return {**built, **{name: partial(start, name) for name in names}}
