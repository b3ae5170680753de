"""Which columns of a table are features, and of which kind: by list, or else by what they hold."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any, final

from lightning_kit.artefact.encoders import RawRowsError, date, number
from lightning_kit.artefact.encoders.cells import is_missing
from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.table_file import TableFile

GUESSES = (("number", number, "a number"), ("date", date, "an ISO date"))
KINDS = {"numeric": "number", "categorical": "category", "dates": "date"}
OTHER_DATE = re.compile(
    r"(\d{1,2}/\d{1,2}/(\d{2}|\d{4})|\d{1,2}[.-]\d{1,2}[.-]\d{4}|\d{4}[/.]\d{1,2}[/.]\d{1,2})"
    r"([ T].*)?"
)
# Below this many rows, most texts may differ by chance.
MIN_ROWS_OF_AN_IDENTIFIER = 20


@final
@dataclass(frozen=True)
class ListedColumns:
    """What the user said of the columns; a list that is None says nothing.

    Raises:
        ValueError: If a column is named twice.
    """

    numeric: list[str] | None = None
    categorical: list[str] | None = None
    dates: list[str] | None = None
    ignore: list[str] | None = None

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for item in fields(self):
            for name in getattr(self, item.name) or []:
                if name in seen:
                    raise ValueError(
                        f"a column must be listed once, got {name!r} in {seen[name]}"
                        f" and in {item.name}"
                    )
                seen[name] = item.name

    @property
    def kinds(self) -> dict[str, str]:
        """Kind of encoder by listed column."""
        return {name: kind for item, kind in KINDS.items() for name in getattr(self, item) or []}

    def choose(self, table: TableFile, others: Collection[str]) -> dict[str, str]:
        """Return the kind of each feature, in the order of the file.

        Args:
            table: The training file.
            others: Columns with another use (targets, groups, times), features only if listed.

        Raises:
            DataError: If a listed column is missing, or a kind cannot be told.
        """
        listed, ignored = self.kinds, set(self.ignore or [])
        for name in [*listed, *ignored]:
            table.check_has(name)
        left = set(table.names) - set(listed) - ignored - set(others)
        chosen = {
            name: listed.get(name) or infer_kind(table, name)
            for name in table.names
            if name in listed or name in left
        }
        if not chosen:
            raise DataError("must have a column that is a feature", file=table.path)
        return chosen

    def check_same(self, encoders: Iterable[dict[str, Any]]) -> None:
        """Refuse encoders, of a checkpoint, that read other columns than are listed here.

        Raises:
            ValueError: Naming the column.
        """
        restored = {encoder["column"]: encoder["kind"] for encoder in encoders}
        wanted: dict[str, str | None] = {**self.kinds, **dict.fromkeys(self.ignore or [])}
        for name, kind in wanted.items():
            if restored.get(name) != kind:
                raise ValueError(
                    f"column {name!r} must be {restored.get(name) or 'no feature'}, as the"
                    f" checkpoint was trained, got {kind or 'no feature'}"
                )


def infer_kind(table: TableFile, name: str) -> str:
    """Return ``number``, ``category`` or ``date`` by type, or by text that says nothing else.

    Raises:
        DataError: If there is no value, or most but not all texts are numbers (or dates), or most
            differ, or are dates that are not ISO.
    """
    kind, cells = table.type_of(name), table.cells(name)
    if kind.startswith(("int", "uint", "float", "double", "half", "decimal")):
        return "number"
    if kind == "bool":
        return "category"
    if kind.startswith(("date", "timestamp")):
        return "date"
    different = {cell for cell in set(cells.tolist()) if not is_missing(cell)}
    if not different:
        raise DataError("must have a value", file=table.path, column=name, way_out="ignore it")
    for guess, module, word in GUESSES:
        if (wrong := _wrong_cells(module, different)) is None:
            return guess
        if len(wrong) < len(different) / 2:
            row, cell = next((row, cell) for row, cell in enumerate(cells, 1) if cell in wrong)
            raise DataError(
                f"must be {word}, as most of the column is",
                file=table.path,
                row=row,
                column=name,
                value=cell,
                way_out="leave a missing cell empty, or list the column in categorical or ignore",
            )
    _check_category(table, name, cells.tolist(), different)
    return "category"


def _check_category(
    table: TableFile, name: str, cells: list[Any], different: Collection[Any]
) -> None:
    dates = {cell for cell in different if OTHER_DATE.fullmatch(str(cell).strip())}
    if len(dates) > len(different) / 2:
        row, cell = next((row, cell) for row, cell in enumerate(cells, 1) if cell in dates)
        raise DataError(
            "a date must be ISO, such as 2024-01-31",
            file=table.path,
            row=row,
            column=name,
            value=cell,
            way_out="write it so, or list the column in ignore, or in categorical if it is meant",
        )
    known = sum(cell in different for cell in cells)
    if known >= MIN_ROWS_OF_AN_IDENTIFIER and len(different) > known / 2:
        raise DataError(
            "must not have another text in most rows",
            file=table.path,
            column=name,
            value=f"{len(different)} texts in {known} rows",
            way_out="list it in ignore, or in categorical if it is meant",
        )


def _wrong_cells(kind: ModuleType, cells: Collection[Any]) -> set[Any] | None:
    """Return the cells that are not of a kind; None, and in one go, where all are."""
    try:
        kind.read("", list(cells))
    except RawRowsError:
        return {cell for cell in cells if not _reads(kind, cell)}
    return None


def _reads(kind: ModuleType, cell: object) -> bool:
    try:
        kind.read("", [cell])
    except RawRowsError:
        return False
    return True
