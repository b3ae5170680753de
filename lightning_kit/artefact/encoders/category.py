"""Text categories, one feature each; what was not in the training rows is none of them."""

import logging
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders.cells import Column, RawRowsError, as_cells, is_absent

RULE = "must be text, a number or a truth value"
# Fewer rows may all be new by chance.
MIN_ROWS_TO_WARN = 10

_logger = logging.getLogger(__name__)
# As a person writes a number; "007", "+3", "1e5" and "1.0.0" are codes.
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?")


def fit(column: str, cells: Column) -> dict[str, Any]:
    """Return the encoder of ``column``: its categories, sorted.

    A missing cell is a category of its own where training rows had missing cells.
    """
    values = read(column, cells)
    categories = sorted({value for value in values if value is not None})
    if not categories:
        raise RawRowsError("must have a value in the training rows", column=column)
    warn_of_spellings(column, cells)
    return {
        "kind": "category",
        "column": column,
        "categories": categories,
        "missing": None in values,
    }


def encode(cells: Column, encoder: dict[str, Any]) -> NDArray[np.float32]:
    """Return ``(N, F)``: 1 at the row's category, last of all at a missing cell.

    An unknown category is all zeros, and so is a missing cell where training rows had none: a
    feature that never occurred in training would have untrained weights.
    """
    order: dict[str | None, int] = {name: at for at, name in enumerate(encoder["categories"])}
    if encoder["missing"]:
        order[None] = len(order)
    values = read(encoder["column"], cells)
    codes = np.fromiter((order.get(value, -1) for value in values), np.int64, count=len(values))
    features = np.zeros((len(values), len(order)), dtype=np.float32)
    known = np.flatnonzero(codes >= 0)
    if not len(known) and len(values) >= MIN_ROWS_TO_WARN:
        _warn_of_unknown(encoder, values)
    features[known, codes[known]] = 1
    return features


def names(encoder: dict[str, Any]) -> list[str]:
    column = encoder["column"]
    known = [f"{column}={name}" for name in encoder["categories"]]
    return [*known, f"{column} is missing"] if encoder["missing"] else known


def read(column: str, cells: Column) -> list[str | None]:
    """Return the text of every cell, None where it is missing.

    Raises:
        RawRowsError: If a cell is a list or another thing without a text of its own.
    """
    # Few different cells, many rows: each is read once. True equals 1, so the type is in the key.
    seen: dict[tuple[type, Any], str | None] = {}
    values: list[str | None] = []
    for row, cell in enumerate(as_cells(cells), start=1):
        try:
            key = (type(cell), cell)
            if key not in seen:
                seen[key] = text(cell)
            values.append(seen[key])
        except TypeError:
            raise RawRowsError(RULE, column=column, row=row, value=cell) from None
    return values


def text(cell: object) -> str | None:
    """Return what a category is called; CSV, Parquet and JSON agree on it.

    A CSV file has only text, so text that is plainly a number or a truth value is called as that
    is, however many zeros end it: "2.50" is 2.5. All other text is called as it stands, also a
    code of digits such as "007", "+3" or "1e5".

    >>> [text(cell) for cell in (" red ", 3, 3.0, "3.0", "007", 2.5, "2.50", True, "True", None)]
    ['red', '3', '3', '3', '007', '2.5', '2.5', 'true', 'true', None]
    """
    if is_absent(cell):
        return None
    if isinstance(cell, str):
        return _canonical(cell.strip())
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, int | np.integer):
        return str(int(cell))
    if isinstance(cell, float | np.floating):
        value = float(cell)
        return str(int(value)) if value.is_integer() else repr(value)
    raise TypeError


def _canonical(word: str) -> str:
    if (lower := word.lower()) in ("true", "false"):
        return lower
    if (number := _NUMBER.fullmatch(word)) is None:
        return word
    whole, fraction = number[1], number[2] or ""
    if fraction.strip(".0"):
        # As a float column of another format calls it.
        return text(float(word)) or word
    return "0" if whole == "-0" else whole


def warn_of_spellings(column: str, cells: Column) -> None:
    """Say so where texts that differ are one category, as version 1.1 and version 1.10 would be."""
    spelled: dict[str | None, str] = {}
    for word in sorted({cell.strip() for cell in as_cells(cells) if isinstance(cell, str)}):
        first = spelled.setdefault(text(word), word)
        if first != word and _NUMBER.fullmatch(word):
            _logger.warning(
                "column %r: %r and %r are one category, as both are the number %s: if they are "
                "not, write a letter before it", column, first, word, text(word),
            )  # fmt: skip
            return


def _warn_of_unknown(encoder: dict[str, Any], values: list[str | None]) -> None:
    unknown = next((value for value in values if value is not None), None)
    if unknown is not None:
        _logger.warning(
            "column %r: none of %d rows has a category of the training rows, %s, got %r",
            encoder["column"], len(values), ", ".join(encoder["categories"][:5]), unknown,
        )  # fmt: skip
