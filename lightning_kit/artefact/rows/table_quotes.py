"""Find a quote in a text file that swallows the rows behind it."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from lightning_kit.artefact.encoders.cells import MISSING_WORDS
from lightning_kit.artefact.rows.errors import DataError

WAY_OUT = 'close it or leave it out; a quote within a quoted cell is written twice: ""'


def refuse_stray_quotes(file: Path, separator: str) -> None:
    """Refuse a quoted cell that took lines for its own which are rows.

    A quoted cell may hold line breaks. It is refused where its quote is never closed, or is closed
    in the middle of a cell; and where each line that it spans has the header's number of cells (of
    two at least), with numbers in all columns in which the cell's own row has them, if it has any.

    Raises:
        DataError: Naming the row, and the line in which it begins.
    """
    row, line, names = 0, 1, 0
    # A swallowed file is one cell.
    limit = csv.field_size_limit(sys.maxsize)
    try:
        for cells, lines in _records(file, separator):
            first, line = line, line + len(lines)
            if not cells:
                continue
            names = names or len(cells)
            if any("\n" in cell or "\r" in cell for cell in cells):
                _check(cells, lines, separator, names, file, row or None, first)
            row += 1
    finally:
        csv.field_size_limit(limit)


def _check(
    cells: list[str],
    lines: list[str],
    separator: str,
    names: int,
    file: Path,
    row: int | None,
    first: int,
) -> None:
    last = first + len(lines) - 1
    try:
        list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error as error:
        is_open = "unexpected end" in str(error)
        how = "is never closed" if is_open else f"is closed in the middle of a cell in line {last}"
        raise DataError(
            f"a quote that opens in line {first} {how}", file=file, row=row, way_out=WAY_OUT
        ) from error
    if row is not None and _are_rows(cells, lines, separator, names):
        raise DataError(
            f"a quoted cell must not hold what look like rows, lines {first} to {last}",
            file=file,
            row=row,
            way_out=f"if its quote is a stray one, {WAY_OUT}; if not, write its line breaks"
            " otherwise, such as \\n",
        )


def _are_rows(cells: list[str], lines: list[str], separator: str, names: int) -> bool:
    if names == 1:
        # Any line is one cell, so the number says nothing.
        return False
    numeric = [at for at, cell in enumerate(cells) if _is_number(cell)]
    *rows, last = (_split(line, separator) for line in lines if line.strip())
    # The quote that ends it may be a second stray one, which hides a separator too many.
    return (
        all(len(row) == names for row in rows)
        and len(last) >= names
        and all(
            _is_number(row[at - names], or_missing=True) for row in (*rows, last) for at in numeric
        )
    )


def _split(line: str, separator: str) -> list[str]:
    """Return the cells of ``line`` as if it were a row: a quote left open in it opens nothing."""
    (cells,) = csv.reader([line], delimiter=separator)
    if cells[-1].endswith(("\n", "\r")):
        opened = cells.pop().rstrip("\r\n")
        cells += next(csv.reader([opened], delimiter=separator), [""])
    return cells


def _is_number(cell: str, *, or_missing: bool = False) -> bool:
    if or_missing and cell.strip().lower() in MISSING_WORDS:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _records(file: Path, separator: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each row's cells, the header's too, with the lines that it spans."""
    held: list[str] = []

    def lines() -> Iterator[str]:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
            for line in opened:
                held.append(line)
                yield line

    for cells in csv.reader(lines(), delimiter=separator):
        yield cells, held.copy()
        held.clear()
