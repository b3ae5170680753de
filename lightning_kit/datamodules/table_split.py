"""How the rows of a table are dealt out, and which options go with which way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import RawRowsError, category, date, number
from lightning_kit.artefact.encoders.cells import Column
from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules.splits import (
    Split,
    check_fractions,
    group_split,
    kfold_split,
    random_split,
    stratified_split,
    time_split,
)

Way = Literal["random", "stratified", "group", "time", "kfold"]
WAYS = ("random", "stratified", "group", "time", "kfold")
# The one way that each of these options belongs to.
OPTIONS = {
    "group_column": "group",
    "time_column": "time",
    "num_folds": "kfold",
    "fold": "kfold",
    "val_fraction": "kfold",
}


@final
@dataclass(frozen=True, kw_only=True)
class TableSplit:
    """Deal out the rows of the training file; see :class:`.TableDataModule` for the options.

    Raises:
        ValueError: If an option is out of range, missing, or without effect.
    """

    way: Way | None = None
    fractions: Sequence[float] | None = None
    group_column: str | None = None
    time_column: str | None = None
    num_folds: int | None = None
    fold: int | None = None
    val_fraction: float | None = None
    split_seed: int | None = None
    has_val_file: bool = False
    has_test_file: bool = False

    def __post_init__(self) -> None:
        if self.way not in (None, *WAYS):
            raise ValueError(f"split must be one of {', '.join(WAYS)}, got {self.way!r}")
        way = self.way or "random"
        for option, its_way in OPTIONS.items():
            if getattr(self, option) is not None and way != its_way:
                raise ValueError(f"{option} has no effect with split {way!r}: leave it out")
        if self.has_val_file and self.has_test_file:
            self._refuse("with both val_path and test_path", "way", "fractions", "split_seed")
        if way == "time":
            self._refuse("with split 'time'", "split_seed")
        if way in ("group", "time") and getattr(self, f"{way}_column") is None:
            raise ValueError(f"{way}_column must name a column for split {way!r}, got None")
        if way == "kfold":
            self._check_folds()
        elif self.fractions is not None:
            self._check_fractions(self.fractions)
        if self.split_seed is not None and self.split_seed < 0:
            raise ValueError(f"split_seed must not be negative, got {self.split_seed}")

    @property
    def columns(self) -> list[str]:
        """The columns that decide the split, and are features only where they are listed."""
        return [name for name in (self.group_column, self.time_column) if name is not None]

    @property
    def takes_labels(self) -> bool:
        return self.way in ("stratified", "kfold")

    def settings(self, seed: int) -> dict[str, Any]:
        """Return, as plain values, what decides the split beside the file; nothing if it is whole.

        Args:
            seed: Used where ``split_seed`` is None.
        """
        if self.has_val_file and self.has_test_file:
            return {}
        chosen: dict[str, Any] = {"split": self.way or "random"}
        if self.way != "time":
            chosen["seed"] = seed if self.split_seed is None else self.split_seed
        if self.way != "kfold":
            return {**chosen, "fractions": list(self._fractions()), "column": self.columns}
        share = 0.15 if self.val_fraction is None else self.val_fraction
        return {
            **chosen, "num_folds": self.num_folds, "fold": self.fold, "val_fraction": share,
        }  # fmt: skip

    def deal(self, table: TableFile, labels: Sequence[str] | None, seed: int) -> Split:
        """Return the rows of each part; those of a part with a file of its own are empty.

        Args:
            table: The training file.
            labels: Of all rows, where there is one class a row and the split takes labels.
            seed: Used where ``split_seed`` is None.

        Raises:
            DataError: If there are too few rows, groups, times or rows of a class.
        """
        if self.has_val_file and self.has_test_file:
            none = np.empty(0, dtype=np.int64)
            return {"train": np.arange(table.num_rows), "val": none, "test": none}
        for name in self.columns:
            table.check_has(name)
        try:
            seed = seed if self.split_seed is None else self.split_seed
            return self._deal(table, None if labels is None else np.asarray(labels), seed)
        except DataError as error:
            column = self.columns[0] if self.columns else None
            raise error.placed(file=table.path, column=column) from None

    def _deal(self, table: TableFile, labels: NDArray[np.str_] | None, seed: int) -> Split:
        fractions = self._fractions()
        if self.way == "stratified":
            if labels is None:
                raise DataError("split 'stratified' needs a target with one class a row")
            return stratified_split(labels, fractions, seed)
        if self.group_column is not None:
            return group_split(_groups(table, self.group_column), fractions, seed)
        if self.time_column is not None:
            return time_split(_times(table, self.time_column), fractions)
        if self.num_folds is not None and self.fold is not None:
            share = 0.15 if self.val_fraction is None else self.val_fraction
            return kfold_split(table.num_rows, self.num_folds, self.fold, share, seed, labels)
        return random_split(table.num_rows, fractions, seed)

    def _fractions(self) -> Sequence[float]:
        if self.fractions is not None:
            return self.fractions
        val, test = 0 if self.has_val_file else 0.15, 0 if self.has_test_file else 0.15
        return (1 - val - test, val, test)

    def _check_fractions(self, fractions: Sequence[float]) -> None:
        check_fractions(fractions)
        for at, name in ((1, "val"), (2, "test")):
            if fractions[at] and getattr(self, f"has_{name}_file"):
                raise ValueError(
                    f"fractions must give the {name} part 0, as it is {name}_path,"
                    f" got {list(fractions)}"
                )

    def _check_folds(self) -> None:
        self._refuse("with split 'kfold'", "fractions")
        if self.num_folds is None or self.fold is None:
            raise ValueError(
                "num_folds and fold must be given for split 'kfold',"
                f" got {self.num_folds} and {self.fold}"
            )
        if self.has_val_file or self.has_test_file:
            raise ValueError("split 'kfold' makes its own val and test part: leave their paths out")

    def _refuse(self, where: str, *options: str) -> None:
        for option in options:
            if getattr(self, option) is not None:
                name = "split" if option == "way" else option
                raise ValueError(f"{name} has no effect {where}: leave it out")


def _groups(table: TableFile, name: str) -> NDArray[np.object_]:
    return np.asarray(_readable(category.read, table, name), dtype=object)


def _times(table: TableFile, name: str) -> NDArray[np.float64]:
    try:
        return number.read(name, table.cells(name))
    except RawRowsError:
        times: NDArray[np.float64] = _readable(date.read, table, name)
        return times


def _readable(read: Callable[[str, Column], Any], table: TableFile, name: str) -> Any:
    try:
        return read(name, table.cells(name))
    except RawRowsError as error:
        raise DataError(
            error.rule, row=error.row, column=name, value=error.value, way_out=error.way_out
        ) from None
