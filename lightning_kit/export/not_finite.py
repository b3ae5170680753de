"""Which inputs and which rows hold NaN or an infinity."""

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import RawRows


def not_finite(rows: RawRows) -> list[str]:
    """Return the names of the arrays in ``rows`` that are not finite throughout."""
    return [name for name, finite in _by_row(rows).items() if not finite.all()]


def finite_rows(rows: RawRows) -> NDArray[np.bool_]:
    """Return ``(N,)``: whether all arrays of a row are finite. Raw cells are not looked at."""
    count = len(next(iter(rows.values())))
    finite = np.ones(count, dtype=np.bool_)
    for each in _by_row(rows).values():
        finite &= each
    return finite


def _by_row(rows: RawRows) -> dict[str, NDArray[np.bool_]]:
    return {
        name: np.asarray(np.isfinite(values).reshape(len(values), -1).all(axis=1))
        for name, values in rows.items()
        if isinstance(values, np.ndarray) and values.dtype.kind == "f"
    }
