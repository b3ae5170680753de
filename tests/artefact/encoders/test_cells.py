import pickle
from typing import Any

import numpy as np
import pytest

from lightning_kit.artefact.encoders.cells import (
    RawRowsError,
    as_cells,
    each,
    is_absent,
    is_missing,
)


@pytest.mark.parametrize("cell", [None, "", "  ", "\t", float("nan"), np.float64("nan")])
def test_nothing_is_absent(cell: Any) -> None:
    assert is_absent(cell)
    assert is_missing(cell)


@pytest.mark.parametrize("cell", ["NA", "n/a", "NaN", "null", " None ", "#N/A"])
def test_words_are_missing_only_where_a_number_or_date_is_due(cell: str) -> None:
    assert is_missing(cell)
    assert not is_absent(cell)


@pytest.mark.parametrize("cell", [0, 0.0, False, "0", "-", "?", "nano", [], {}])
def test_anything_else_is_there(cell: Any) -> None:
    assert not is_missing(cell)
    assert not is_absent(cell)


@pytest.mark.parametrize("column", [[[1], [2]], [[5]], [[1, 2], [3, 4]]])
def test_nested_lists_stay_cells(column: list[Any]) -> None:
    cells = as_cells(column)
    assert cells.shape == (len(column),)
    assert cells.tolist() == column


def test_cells_keep_their_types() -> None:
    assert list(map(type, as_cells([1, "1", True, None]))) == [int, str, bool, type(None)]
    assert as_cells(np.array([1.5, 2.5])).tolist() == [1.5, 2.5]


def test_the_error_names_row_column_value_and_way_out() -> None:
    with pytest.raises(RawRowsError) as info:
        each(float, ["1", "x"], column="size", rule="must be a number")
    assert str(info.value) == "row 2, column 'size': must be a number, got 'x'"
    assert (info.value.row, info.value.column, info.value.value) == (2, "size", "x")
    error = RawRowsError("is missing", column="a", way_out="add it")
    assert str(error) == "column 'a': is missing (add it)"


def test_the_error_survives_a_process_boundary() -> None:
    error = RawRowsError("must be a number", column="size", row=3, value="x", way_out="fix it")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.row, again.column) == (str(error), 3, "size")
