from typing import Any

import numpy as np
import pytest
import torch

from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.array_checks import (
    check_classes,
    check_range,
    check_same_rows,
    input_tensor,
    target_tensor,
)

NAN = float("nan")


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float64, np.bool_])
def test_any_number_type_becomes_float32(dtype: Any) -> None:
    tensor = input_tensor(np.array([[0, 1], [1, 1]], dtype=dtype), "x", "a.npz", "float32")
    torch.testing.assert_close(tensor, torch.tensor([[0.0, 1.0], [1.0, 1.0]]))


def test_tokens_become_int64() -> None:
    for array in (np.array([[1.0, 2.0]]), np.array([[1, 2]], dtype=np.uint16)):
        tensor = input_tensor(array, "x", "a.npz", "int64")
        assert tensor.dtype == torch.int64
        assert tensor.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("array", "dtype", "message"),
    [
        ([["a", "b"]], "float32", "a.npz, column 'x': must hold numbers, got '<U1'"),
        ([[1j]], "float32", "column 'x': must hold numbers, got 'complex128'"),
        (
            [1.0, 2.0],
            "float32",
            r"column 'x': must have rows and columns.*got \(2,\) \(one feature is shape",
        ),
        (np.zeros((0, 3)), "float32", r"column 'x': must have rows, got \(0, 3\)"),
        ([[1, 2], [3, NAN]], "float32", r"row 2, column 'x\[1\]': must be a finite .*got nan"),
        ([[1, 2], [np.inf, 0]], "float32", r"row 2, column 'x\[0\]': must be .*got inf"),
        (np.full((2, 1, 3), NAN), "float32", r"row 1, column 'x\[0, 0\]': must be a finite"),
        ([[1.0], [1e300]], "float32", r"row 2, column 'x\[0\]': must fit into float32.*1e\+300"),
        ([[1.0], [2.5]], "int64", r"row 2, column 'x\[0\]': must be a whole number.*got 2.5"),
        ([[NAN]], "int64", r"row 1, column 'x\[0\]': must be a whole number.*got nan"),
        ([[1e30]], "int64", r"row 1, column 'x\[0\]': must fit into int64, got 1e\+30"),
        ([[np.inf]], "int64", r"row 1, column 'x\[0\]': must be a whole number.*got inf"),
    ],
)
def test_wrong_inputs_are_named(array: Any, dtype: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        input_tensor(np.asarray(array), "x", "a.npz", dtype)


@pytest.mark.parametrize("array", [[0, 1, -1], [[0, 1], [2, 0]]])
def test_integers_that_are_no_labels_get_a_way_out(array: Any) -> None:
    way_out = "a.npz, .*column 'y.*integers are classes .*: save whole labels as integers .*floats"
    with pytest.raises(DataError, match=way_out):
        target_tensor(np.asarray(array), "y", "a.npz")
    with pytest.raises(DataError, match=way_out):
        check_classes(torch.tensor([3, 7, 9]), "y", "a.npz")
    with pytest.raises(DataError, match=way_out):
        check_range(torch.tensor([3, 7, 9]), 4, "y", "a.npz")


def test_whole_floats_are_values() -> None:
    assert target_tensor(np.array([0.0, 1.0]), "y", "a.npz").is_floating_point()


def test_targets_keep_their_kind() -> None:
    for array, dtype, shape in (
        (np.array([0, 2], dtype=np.uint8), torch.int64, (2,)),
        (np.array([True, False]), torch.int64, (2,)),
        (np.array([[0, 1], [1, 1]]), torch.int64, (2, 2)),
        (np.array([[3], [1]]), torch.int64, (2,)),
        (np.array([0.5, 1.5]), torch.float32, (2,)),
        (np.array([[0.5], [1.5]]), torch.float32, (2,)),
        (np.array([[0.5, 1.0]]), torch.float32, (1, 2)),
    ):
        target = target_tensor(array, "y", "a.npz")
        assert (target.dtype, tuple(target.shape)) == (dtype, shape)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (["cat"], "column 'y': must hold numbers"),
        (np.zeros((2, 2, 2)), r"must have shape \(N,\) or \(N, columns\), got \(2, 2, 2\)"),
        ([0, 1, -1], "a.npz, row 3, column 'y': a label must not be negative, got -1"),
        ([[0, 1], [2, 0]], r"row 2, column 'y\[0\]': labels by column must be 0 or 1, got 2"),
        ([0.5, NAN], "row 2, column 'y': must be a finite number, got nan"),
        (np.array([0, 2**63], np.uint64), "row 2, column 'y': must fit into int64, got 9223"),
        ([1.0, 1e300], "row 2, column 'y': must fit into float32"),
    ],
)
def test_wrong_targets_are_named(array: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        target_tensor(np.asarray(array), "y", "a.npz")


def test_rows_must_match() -> None:
    with pytest.raises(DataError, match="column 'y': must have the 3 rows of the input, got 2"):
        check_same_rows(torch.zeros(3, 1), torch.zeros(2), "y", "a.npz")


def test_a_label_out_of_range_is_named() -> None:
    check_range(torch.tensor([0, 2]), 3, "y", "a.npz")
    with pytest.raises(DataError, match=r"row 2, column 'y': a label must be in \[0, 2\), got 2"):
        check_range(torch.tensor([0, 2]), 2, "y", "a.npz")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 0], r"must have more than one class .*got \[0\]"),
        ([1, 2, 3], "no training row has label 0, though some have 3 .number the classes from 0"),
        ([0, 1, 10**12], "no training row has label 2, though some have 1000000000000"),
    ],
)
def test_classes_without_rows_are_refused(labels: list[int], message: str) -> None:
    check_classes(torch.tensor([1, 0, 2]), "y", "a.npz")
    with pytest.raises(DataError, match=message):
        check_classes(torch.tensor(labels), "y", "a.npz")
