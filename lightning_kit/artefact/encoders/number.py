"""Numbers, from numbers or their text; a missing one is filled, and said where that was learnt."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders.cells import Column, RawRowsError, as_cells, each, is_missing
from lightning_kit.artefact.encoders.offset import offset_of

RULE = "must be a number"


def fit(column: str, cells: Column) -> dict[str, Any]:
    """Return the encoder of ``column``: the median as the fill, and what :func:`.offset_of` says.

    A missing cell gets a feature of its own only where training rows had missing cells: a feature
    that was 0 throughout training would be an untrained one.
    """
    values = read(column, cells)
    known = values[~np.isnan(values)]
    if not len(known):
        raise RawRowsError("must have a number in the training rows", column=column)
    return {
        "kind": "number",
        "column": column,
        "fill": float(np.median(known)),
        "offset": offset_of(known),
        "indicator": len(known) < len(values),
    }


def encode(cells: Column, encoder: dict[str, Any]) -> NDArray[np.float64]:
    """Return ``(N, 1)`` less the offset, or ``(N, 2)`` with the indicator of a missing cell."""
    values = read(encoder["column"], cells)
    missing = np.isnan(values)
    values = np.where(missing, encoder["fill"], values) - encoder.get("offset", 0.0)
    return np.stack([values, missing] if encoder["indicator"] else [values], axis=1)


def names(encoder: dict[str, Any]) -> list[str]:
    column = encoder["column"]
    return [column, f"{column} is missing"] if encoder["indicator"] else [column]


def read(column: str, cells: Column) -> NDArray[np.float64]:
    """Return ``(N,)`` numbers, NaN where one is missing.

    Raises:
        RawRowsError: If a cell is no number, or is infinite once it is float32.
    """
    values = _plain(cells)
    if values is None:
        values = each(number, as_cells(cells), column=column, rule=RULE)
    with np.errstate(over="ignore"):
        infinite = np.isinf(values.astype(np.float32))
    if infinite.any():
        row = int(np.argmax(infinite))
        rule = "must be finite as a float32"
        raise RawRowsError(rule, column=column, row=row + 1, value=cells[row])
    return values


def number(cell: object) -> float:
    """Read one cell; NaN where it is missing.

    >>> [number(cell) for cell in (3, " 2.5 ", "1e3", "N/A", None, True)]
    [3.0, 2.5, 1000.0, nan, nan, 1.0]
    """
    if is_missing(cell):
        return float("nan")
    # Python reads "12_5" as 125; nobody who writes a table means that.
    if isinstance(cell, bytes) or (isinstance(cell, str) and "_" in cell):
        raise ValueError
    return float(cell)  # type: ignore[arg-type]


def _plain(cells: Column) -> NDArray[np.float64] | None:
    """Convert all cells in one go, or return None where each needs a look."""
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "biuf":
        return cells.astype(np.float64)
    objects = as_cells(cells)
    if any(isinstance(cell, bytes) or (isinstance(cell, str) and "_" in cell) for cell in objects):
        return None
    try:
        return objects.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        pass
    try:
        known = [None if is_missing(cell) else cell for cell in objects]
        return as_cells(known).astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        return None
