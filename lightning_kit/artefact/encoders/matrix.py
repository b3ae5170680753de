"""From raw rows to one matrix: a list of encoders, fitted once and applied anywhere."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import category, date, number
from lightning_kit.artefact.encoders.cells import Column, RawRowsError

Encoder = dict[str, Any]
RawRows = Mapping[str, Column]

KINDS: dict[str, ModuleType] = {"number": number, "category": category, "date": date}


def fit_encoders(rows: RawRows, kinds: Mapping[str, str]) -> list[Encoder]:
    """Fit one encoder a column, on the training rows alone.

    Args:
        rows: Raw cells by column: text, numbers, dates or None, all columns of one length.
        kinds: ``number``, ``category`` or ``date`` for each column to encode, in order.

    Returns:
        Plain values, which JSON and ``torch.load(weights_only=True)`` read back as they are.

    Raises:
        RawRowsError: If a column is missing, has no value at all, or a cell cannot be read.

    Example:
        >>> rows = {"size": ["1.5", "", "2.5"], "colour": ["red", "blue", "red"]}
        >>> encoders = fit_encoders(rows, {"size": "number", "colour": "category"})
        >>> feature_names(encoders)
        ['size', 'size is missing', 'colour=blue', 'colour=red']
        >>> encode({"size": [3, None], "colour": ["green", "blue"]}, encoders)
        array([[3., 0., 0., 0.],
               [2., 1., 1., 0.]], dtype=float32)
    """
    return [_kind(kind).fit(name, _column(rows, name)) for name, kind in kinds.items()]


def encode(rows: RawRows, encoders: Sequence[Encoder]) -> NDArray[np.float32]:
    """Return the ``(N, F)`` float32 matrix of raw rows; columns without an encoder are ignored.

    Raises:
        RawRowsError: If a column is missing, lengths differ, or a cell cannot be read.
        ValueError: If there is no encoder, or one is of an unknown kind.
    """
    if not encoders:
        raise ValueError("encoders must be at least one, got none")
    widths = [len(_kind(encoder["kind"]).names(encoder)) for encoder in encoders]
    length = len(_column(rows, encoders[0]["column"]))
    features = np.empty((length, sum(widths)), dtype=np.float32)
    end = 0
    for encoder, width in zip(encoders, widths, strict=True):
        cells = _column(rows, encoder["column"])
        if len(cells) != length:
            raise RawRowsError(
                f"must have the {length} rows of column {encoders[0]['column']!r}",
                column=encoder["column"],
                value=len(cells),
            )
        start, end = end, end + width
        features[:, start:end] = _kind(encoder["kind"]).encode(cells, encoder)
    return features


def feature_names(encoders: Sequence[Encoder]) -> list[str]:
    """Return the name of each column of the matrix."""
    return [name for encoder in encoders for name in _kind(encoder["kind"]).names(encoder)]


def _kind(kind: str) -> ModuleType:
    if kind not in KINDS:
        raise ValueError(f"kind of an encoder must be one of {list(KINDS)}, got {kind!r}")
    return KINDS[kind]


def _column(rows: RawRows, name: str) -> Column:
    if name not in rows:
        close = get_close_matches(name, list(rows), n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"columns: {', '.join(rows)}"
        raise RawRowsError("is missing in the rows", column=name, way_out=hint)
    return rows[name]
