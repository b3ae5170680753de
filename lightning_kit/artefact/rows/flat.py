"""A graph's inputs from a table: one column each number, as predictions are written."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import RawRowsError, number
from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.artefact.tensor_spec import TensorSpec


def read_flat(table: TableFile, inputs: Sequence[TensorSpec]) -> dict[str, NDArray[Any]]:
    """Return ``(N, ...)`` for each input, from ``name`` or ``name_0``, ``name_1`` and so on.

    An input of several dimensions has its numbers in C order. A missing cell is NaN.

    Raises:
        DataError: If an input has a dynamic dimension, a column is missing, or a cell no number.
    """
    return {spec.name: _input(table, spec) for spec in inputs}


def _input(table: TableFile, spec: TensorSpec) -> NDArray[Any]:
    sizes = [size for size in spec.shape[1:] if isinstance(size, int)]
    if len(sizes) < len(spec.shape) - 1:
        raise DataError(
            f"input {spec} has no fixed number of columns",
            file=table.path,
            way_out="give its rows as .jsonl or .npz",
        )
    names = [f"{spec.name}_{at}" for at in range(math.prod(sizes))] if sizes else [spec.name]
    return np.stack([_column(table, name) for name in names], axis=1).reshape(-1, *sizes)


def _column(table: TableFile, name: str) -> NDArray[np.float64]:
    cells = table.cells(name)
    try:
        return number.read(name, cells)
    except RawRowsError as error:
        raise DataError(
            error.rule, file=table.path, row=error.row, column=name, value=error.value
        ) from None
