"""What a raw cell may be, which cells are missing, and the error that names a wrong one."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Column = Sequence[Any] | NDArray[Any]
Cells = NDArray[np.object_]

# A category may well be called "none" or "NA", so these count only where a number or date is due.
MISSING_WORDS = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none"})


@final
class RawRowsError(ValueError):
    """Raw rows that cannot be encoded.

    Args:
        rule: What should hold, e.g. ``"must be a number"``.
        column: The column to blame.
        row: 1-based row, if one is to blame.
        value: What was found instead.
        way_out: What to do about it.
    """

    def __init__(
        self,
        rule: str,
        *,
        column: str | None = None,
        row: int | None = None,
        value: object = None,
        way_out: str = "",
    ) -> None:
        self.rule, self.column, self.row = rule, column, row
        self.value, self.way_out = value, way_out
        place = [f"row {row}"] if row is not None else []
        place += [f"column {column!r}"] if column is not None else []
        found = f", got {value!r}" if value is not None else ""
        hint = f" ({way_out})" if way_out else ""
        super().__init__(f"{', '.join(place)}{': ' if place else ''}{rule}{found}{hint}")

    def shifted(self, rows: int) -> "RawRowsError":
        """Return the same error for cells that stand ``rows`` further down."""
        row = None if self.row is None else self.row + rows
        return RawRowsError(
            self.rule, column=self.column, row=row, value=self.value, way_out=self.way_out
        )


def as_cells(column: Column) -> Cells:
    """Return the cells as objects; a nested list stays one (wrong) cell."""
    if isinstance(column, np.ndarray) and column.dtype == object:
        return column
    values = column.tolist() if isinstance(column, np.ndarray) else column
    return np.fromiter(values, dtype=object, count=len(values))


def is_absent(cell: object) -> bool:
    """Say whether there is nothing in ``cell``: None, NaN, or text without a visible character.

    >>> [is_absent(cell) for cell in (None, float("nan"), " ", "NA", 0)]
    [True, True, True, False, False]
    """
    if isinstance(cell, str):
        return not cell or cell.isspace()
    return cell is None or bool(isinstance(cell, float) and cell != cell)


def is_missing(cell: object) -> bool:
    """Say whether a number or a date is missing: also where a word such as ``NA`` says so."""
    if isinstance(cell, str):
        return cell.strip().lower() in MISSING_WORDS
    return is_absent(cell)


def each(
    read: Callable[[Any], float], cells: Iterable[Any], *, column: str, rule: str
) -> NDArray[np.float64]:
    """Apply ``read`` to every cell; its ValueError or TypeError becomes one that names the cell."""
    values: list[float] = []
    for row, cell in enumerate(cells, start=1):
        try:
            values.append(read(cell))
        except (ValueError, TypeError, OverflowError):
            raise RawRowsError(rule, column=column, row=row, value=cell) from None
    return np.asarray(values, dtype=np.float64)
