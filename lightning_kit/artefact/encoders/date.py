"""ISO dates and times as days, with month, weekday and hour as points on a circle."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders.cells import Column, RawRowsError, as_cells, each, is_missing
from lightning_kit.artefact.encoders.offset import offset_of

RULE = "must be an ISO date such as 2024-01-31 or 2024-01-31T12:00:00Z"
EPOCH = date(1970, 1, 1).toordinal()


def fit(column: str, cells: Column) -> dict[str, Any]:
    """Return the encoder of ``column``: the median date as the fill, and :func:`.offset_of` days.

    The hour is a feature only where a training row had a time of day other than midnight.
    """
    days = read(column, cells)
    known = days[~np.isnan(days)]
    if not len(known):
        raise RawRowsError("must have a date in the training rows", column=column)
    return {
        "kind": "date",
        "column": column,
        "fill": float(np.median(known)),
        "offset": offset_of(known),
        "indicator": len(known) < len(days),
        "hour": bool((known % 1 != 0).any()),
    }


def encode(cells: Column, encoder: dict[str, Any]) -> NDArray[np.float64]:
    """Return ``(N, F)``: days since 1970-01-01, then sine and cosine of each part of the calendar.

    Days are less the offset: as float32, those of this century are exact to 3 minutes, and finer
    where the training rows lie within hours. A missing date is the fill, and the centre of each
    circle: no month is nearer than another.
    """
    days = read(encoder["column"], cells)
    missing = np.isnan(days)
    days = np.where(missing, encoder["fill"], days)
    whole = np.floor(days).astype(np.int64)
    months = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    # Day 0 of 1970 was a Thursday, and Monday is 0.
    turns = [months % 12 / 12, (whole + 3) % 7 / 7]
    if encoder["hour"]:
        turns.append(days % 1)
    circles = [
        np.where(missing, 0, wave(2 * np.pi * turn)) for turn in turns for wave in (np.sin, np.cos)
    ]
    features = [days - encoder.get("offset", 0.0), *circles]
    return np.stack([*features, missing] if encoder["indicator"] else features, axis=1)


def names(encoder: dict[str, Any]) -> list[str]:
    column = encoder["column"]
    cycles = ["month", "weekday", "hour"] if encoder["hour"] else ["month", "weekday"]
    known = [f"{column} {cycle} {wave}" for cycle in cycles for wave in ("sin", "cos")]
    indicator = [f"{column} is missing"] if encoder["indicator"] else []
    return [f"{column} days", *known, *indicator]


def read(column: str, cells: Column) -> NDArray[np.float64]:
    """Return ``(N,)`` days since 1970-01-01, NaN where a date is missing.

    Raises:
        RawRowsError: If a cell is no ISO date.
    """
    return each(days_since_1970, as_cells(cells), column=column, rule=RULE)


def days_since_1970(cell: object) -> float:
    """Read one cell; a time with a zone is moved to UTC, one without is taken for UTC.

    >>> [days_since_1970(cell) for cell in ("1970-01-02", "1970-01-01 06:00", "", None)]
    [1.0, 0.25, nan, nan]
    """
    if is_missing(cell):
        return float("nan")
    if isinstance(cell, str):
        cell = datetime.fromisoformat(cell.strip())
    if not isinstance(cell, date):
        raise TypeError
    if not isinstance(cell, datetime):
        return float(cell.toordinal() - EPOCH)
    if cell.tzinfo is not None:
        cell = cell.astimezone(UTC)
    seconds = 3600 * cell.hour + 60 * cell.minute + cell.second + cell.microsecond / 1e6
    return cell.toordinal() - EPOCH + seconds / 86400
