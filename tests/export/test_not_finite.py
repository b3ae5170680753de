from typing import Any

import numpy as np

from lightning_kit.export.not_finite import finite_rows, not_finite

ROWS: dict[str, Any] = {
    "x": np.array([[1, 2], [np.nan, 1], [3, 4]], np.float32),
    "y": np.array([1.0, 2.0, -np.inf]),
    "ids": np.array([1, 2, 3]),
    "cells": ["nan", None, "1"],
}


def test_arrays_of_floats_are_looked_at_row_by_row() -> None:
    assert finite_rows(ROWS).tolist() == [True, False, False]
    assert not_finite(ROWS) == ["x", "y"]


def test_cells_and_whole_numbers_are_finite() -> None:
    rows = {name: ROWS[name] for name in ("ids", "cells")}
    assert finite_rows(rows).tolist() == [True, True, True]
    assert not_finite(rows) == []
