"""Tables: CSV and Parquet files with named columns."""

from collections.abc import Sequence
from typing import Any, final

from pytorch_lightning.utilities import rank_zero_info
from torch import Tensor

from lightning_kit.artefact.encoders import feature_names
from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules.base import AbstractDataModule, Part
from lightning_kit.datamodules.dealt import Dealt
from lightning_kit.datamodules.preprocess import Standardise
from lightning_kit.datamodules.table_columns import KINDS, ListedColumns
from lightning_kit.datamodules.table_labels import find_classes
from lightning_kit.datamodules.table_parts import TableParts
from lightning_kit.datamodules.table_rows import TableRows
from lightning_kit.datamodules.table_split import TableSplit, Way
from lightning_kit.datamodules.table_target import Kind, TableTarget
from lightning_kit.datamodules.targets import check_varies, count_classes, mean_and_std


@final
class TableDataModule(AbstractDataModule):
    """A CSV or Parquet file with named columns (needs the extra ``data``).

    Columns become features by encoders that are fitted on the training part:

    =========== ======================= ========================================================
    list        a cell                  features
    =========== ======================= ========================================================
    numeric     number, or its text     the number; a missing one is the training median
    categorical text                    one a training category; an unknown category is none
    dates       ISO date or time        days since 1970-01-01; month, weekday, hour on circles
    =========== ======================= ========================================================

    Where training rows had missing cells, one more feature says that a cell is missing. A column
    in no list is taken for what all its cells can be read as, and a line at the first fit says
    what was found. Numbers and days so far from 0 that float32 would round their spread away are
    taken less their training median. Then every feature is standardised.

    A batch is ``(input, target)``: ``input`` is ``(N, F)`` float32. ``target`` is ``(N,)`` int64
    for classes, which are sorted by name (by value where all are integers), ``(N, C)`` int64 for
    several columns of truth values, and ``(N,)`` or ``(N, T)`` float32 for one or more numbers.

    Args:
        path: A ``.csv`` (commas, UTF-8), ``.tsv`` or ``.parquet`` file with a header.
        target: The column to predict, or several.
        kind: ``classification`` or ``regression``; where left out, text, truth values and up to
            20 different integers are classes.
        numeric: Columns of numbers.
        categorical: Columns of categories.
        dates: Columns of dates.
        ignore: Columns to leave out.
        split: ``random`` (the default), ``stratified`` by class, by ``group``, by ``time`` (the
            latest rows are the test part) or ``kfold`` (stratified for classes).
        fractions: Of the training, validation and test part; 0.7, 0.15 and 0.15 where left out.
        group_column: Rows of one value stay together. No feature, unless it is listed.
        time_column: Numbers or ISO dates. No feature, unless it is listed.
        num_folds: Of split ``kfold``, at least 2.
        fold: The fold that is the test part, in [0, num_folds).
        val_fraction: Share of the rows outside the fold that validate; 0.15 where left out.
        split_seed: Decides the split; ``seed`` where left out.
        val_path: A file that is the validation part, whole. ``path`` is then split without one.
        test_path: A file that is the test part, whole.
        predict_path: Rows to predict, which need no target; the test part where left out.
        max_categories: A column with more is refused: each would be a feature.
        standardise: Shift and scale features to mean 0 and spread 1 over the training part.
        batch_size: Rows in a batch of one device, at least 1.
        seed: Decides the split and the order of training samples.

    Raises:
        ValueError: If an option is out of range or has no effect.
        DataError: When set up or loaded; it names file, row (the header is not counted), column.
    """

    def __init__(
        self,
        path: str,
        target: str | list[str],
        *,
        kind: Kind | None = None,
        numeric: list[str] | None = None,
        categorical: list[str] | None = None,
        dates: list[str] | None = None,
        ignore: list[str] | None = None,
        split: Way | None = None,
        fractions: Sequence[float] | None = None,
        group_column: str | None = None,
        time_column: str | None = None,
        num_folds: int | None = None,
        fold: int | None = None,
        val_fraction: float | None = None,
        split_seed: int | None = None,
        val_path: str | None = None,
        test_path: str | None = None,
        predict_path: str | None = None,
        max_categories: int = 1000,
        standardise: bool = True,
        batch_size: int = 32,
        seed: int = 0,
    ) -> None:
        super().__init__(batch_size=batch_size, seed=seed)
        self.target = TableTarget([target] if isinstance(target, str) else list(target), kind)
        self.listed = ListedColumns(numeric, categorical, dates, ignore)
        self.split = TableSplit(
            way=split,
            fractions=fractions,
            group_column=group_column,
            time_column=time_column,
            num_folds=num_folds,
            fold=fold,
            val_fraction=val_fraction,
            split_seed=split_seed,
            has_val_file=val_path is not None,
            has_test_file=test_path is not None,
        )
        if both := {*self.listed.kinds, *(ignore or [])} & set(self.target.names):
            raise ValueError(f"target must not be in another list, got {sorted(both)}")
        if max_categories < 1:
            raise ValueError(f"max_categories must be at least 1, got {max_categories}")
        self.save_hyperparameters(logger=False)
        self.max_categories = max_categories
        self.standardise = standardise
        paths: dict[Part, str | None] = {
            "val": val_path, "test": test_path, "predict": predict_path,
        }  # fmt: skip
        own = {part: str(file) for part, file in paths.items() if file is not None}
        self._parts = TableParts(str(path), own, self.split, seed, self.target.labels_in)
        self._told = False

    @property
    def columns(self) -> list[str]:
        """Raw columns that are read for the features, once they are known."""
        return [encoder["column"] for encoder in self.encoders or []]

    @property
    def feature_names(self) -> list[str]:
        """The ``F`` columns of the input, once they are known."""
        return feature_names(self.encoders or [])

    def setup(self, stage: str) -> None:
        if stage != "fit":
            stages: dict[str, Part] = {"validate": "val", "test": "test", "predict": "predict"}
            self._parts.file(stages[stage])
            return
        self._trained = None
        self._parts.forget()
        self._fit()
        # A bad cell in the test part should not wait for the end of the training.
        evaluated: tuple[Part, ...] = ("val", "test")
        for part in evaluated:
            if self._parts.has(part):
                self.load(part)

    def load(self, part: Part) -> tuple[Tensor, Tensor | None]:
        if self.encoders is None:
            rank_zero_info("no checkpoint gave the table's statistics: fitting the training part")
            self._fit()
        rows = self._rows(part)
        assert self.encoders is not None
        return rows.encode(self.encoders), None if part == "predict" else self.target.read(
            rows, self.classes
        )

    def raw_rows(self, part: Part) -> dict[str, list[Any]]:
        """Return the raw cells of the feature columns, as JSON has them: what a server will get."""
        return self._rows(part).plain(self.columns)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "target": self.target.names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if state_dict["encoders"] is not None and (names := state_dict.get("target")):
            kind: Kind = "regression" if state_dict["classes"] is None else "classification"
            self.target.check_same(names, kind)
        self.listed.check_same(state_dict["encoders"] or [])
        if self.standardise and state_dict["preprocess"] is not None:
            self.preprocess = Standardise(len(state_dict["preprocess"]["mean"]))
        super().load_state_dict(state_dict)

    def dealt(self) -> Dealt | None:
        return self._parts.dealt

    def _rows(self, part: Part) -> TableRows:
        rows = self._parts.rows(part)
        if not self._parts.is_own(part):
            self.check_dealt(part, rows.table.path)
        return rows

    def _fit(self) -> None:
        rows = self._parts.rows("train")
        kinds = self.listed.choose(rows.table, {*self.target.names, *self.split.columns})
        self._fit_target(rows)
        self.encoders = rows.fit(kinds)
        for encoder in self.encoders:
            if len(encoder.get("categories", ())) > self.max_categories:
                rule = f"must have at most max_categories={self.max_categories} different texts"
                count = len(encoder["categories"])
                raise rows.error(rule, None, encoder["column"], value=count, way_out="or ignore it")
        if self.standardise:
            input = rows.encode(self.encoders)
            self.preprocess = Standardise(input.shape[1])
            self.preprocess.fit(input)
        self._tell(rows.table)

    def _fit_target(self, rows: TableRows) -> None:
        self.classes = self.class_counts = self.target_mean = self.target_std = None
        names = self.target.names
        if self.target.kind_in(rows.table) == "classification":
            self.classes = find_classes(rows, names[0]) if len(names) == 1 else names
        target = self.target.read(rows, self.classes)
        for name, column in zip(names, target.reshape(len(target), -1).T, strict=True):
            check_varies(column, name, rows.table.path)
        if self.classes is None:
            self.target_mean, self.target_std = mean_and_std(target)
        else:
            self.class_counts = count_classes(target, len(self.classes))

    def _tell(self, table: TableFile) -> None:
        if self._told:
            return
        self._told = True
        assert self.encoders is not None
        for word, kind in KINDS.items():
            names = [item["column"] for item in self.encoders if item["kind"] == kind]
            if names:
                rank_zero_info(f"{table.path}: {len(names)} {word}: {_short(names)}")
        what = "numbers" if self.classes is None else f"classes {_short(self.classes)}"
        target = f"target {_short(self.target.names)}: {what}"
        rank_zero_info(f"{table.path}: {target}; {len(self.feature_names)} features")


def _short(names: list[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
