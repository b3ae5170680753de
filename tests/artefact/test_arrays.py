"""Given values become what the graph takes, or the row that cannot is named."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lightning_kit.artefact.arrays import as_spec
from lightning_kit.artefact.encoders import RawRowsError
from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.tensor_spec import TensorSpec


def spec(dtype: str = "float32", *sizes: int | str) -> TensorSpec:
    return TensorSpec("input", dtype, ("batch", *sizes))


@pytest.mark.parametrize(
    ("values", "wanted", "expected"),
    [
        (np.array([[1, 2]]), spec("float32", 2), np.array([[1, 2]], np.float32)),
        ([[1, None]], spec("float32", 2), np.array([[1, np.nan]], np.float32)),
        ([["1.5", "inf"]], spec("float32", 2), np.array([[1.5, np.inf]], np.float32)),
        (np.array([3.0]), spec("int64"), np.array([3])),
        ([255, 0], spec("uint8"), np.array([255, 0], np.uint8)),
        ([0, 1, True], spec("bool"), np.array([False, True, True])),
        ([np.ones(2), np.zeros(2)], spec("float32", "length"), np.array([[1, 1], [0, 0]], "f")),
        (np.array([[1.0]], dtype=object), spec("float32", 1), np.array([[1]], np.float32)),
    ],
)
def test_what_loses_nothing_is_converted(values: Any, wanted: TensorSpec, expected: Any) -> None:
    array = as_spec(values, wanted)
    assert array.dtype == wanted.dtype
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    ("values", "wanted", "message"),
    [
        ([[1, 2]], spec("float32", 3), r"must have the shape \(batch, 3\), got \(1, 2\)"),
        ([1, 2], spec("float32", 3), r"must have the shape \(batch, 3\), got \(2,\)"),
        ([[1, 2], [3]], spec("float32", 2), r"row 2, .*the shape of row 1, \(2,\), got \(1,\)"),
        ([[1, 2], [3, "x"]], spec("float32", 2), "row 2, column 'input': must hold numbers, got"),
        ([[1], [1e39]], spec("float32", 1), "row 2, .*must be finite as a float32, got 1e.39"),
        ([1, 2.5], spec("int64"), "row 2, .*must be whole numbers of int64, got 2.5"),
        ([1, 256], spec("uint8"), "row 2, .*whole numbers of uint8, got 256"),
        ([1, -1], spec("uint8"), "row 2, .*whole numbers of uint8, got -1"),
        ([1, None], spec("int64"), "row 2, .*whole numbers of int64, got nan"),
        ([1, 2], spec("bool"), "row 2, .*must be a truth value, got 2"),
        (np.array([1j]), spec("float32"), "must hold numbers, got 'complex128'"),
    ],
)
def test_what_is_wrong_is_named(values: Any, wanted: TensorSpec, message: str) -> None:
    with pytest.raises(RawRowsError, match=message):
        as_spec(values, wanted)


def test_a_dtype_that_numpy_lacks() -> None:
    with pytest.raises(ArtefactError, match="input 'input' is bfloat16, which numpy does not have"):
        as_spec([1], spec("bfloat16"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, None])
def test_an_input_that_must_be_finite_names_row_and_element(value: Any) -> None:
    finite = TensorSpec("input", "float32", ("batch", 2), finite=True)
    rows = [[1.0, 2.0], [3.0, value]]
    message = r"row 2, column 'input': must be finite at element \[1\], got .*leave the row out"
    with pytest.raises(RawRowsError, match=message):
        as_spec(rows, finite)
    assert as_spec(rows[:1], finite).tolist() == rows[:1]
    assert as_spec(rows, replace(finite, finite=False)).shape == (2, 2)
