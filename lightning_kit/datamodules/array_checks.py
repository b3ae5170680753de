"""Arrays of numbers to tensors that can be trained on, or an error that says where they cannot."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.datamodules.array_files import Array

KINDS = (
    "integers are classes and floats are values: save whole labels as integers for"
    " classification (or name them in class_names), values as floats for regression"
)


def input_tensor(array: Array, name: str, file: str, dtype: Literal["float32", "int64"]) -> Tensor:
    """Turn ``(N, F, ...)`` numbers into a tensor of ``dtype``.

    Raises:
        DataError: If they are not numbers, not finite, not whole where they must be, or not rows.
    """
    _check_numbers(array, name, file)
    if array.ndim < 2 and dtype == "float32":
        raise DataError(
            "must have rows and columns, shape (N, F) or (N, F, ...)",
            file=file,
            column=name,
            value=array.shape,
            way_out="one feature is shape (N, 1)",
        )
    if not array.size:
        raise DataError("must have rows", file=file, column=name, value=array.shape)
    return (_whole if dtype == "int64" else _finite)(array, name, file)


def target_tensor(array: Array, name: str, file: str, *, are_labels: bool = False) -> Tensor:
    """Turn targets into int64 labels ``(N,)`` or ``(N, C)``, or float32 values ``(N[, T])``.

    Floating-point ones are labels where ``are_labels`` says so.

    Raises:
        DataError: If they are not numbers, not finite, negative labels, or of another shape.
    """
    _check_numbers(array, name, file)
    if array.ndim not in (1, 2):
        raise DataError(
            "must have shape (N,) or (N, columns)", file=file, column=name, value=array.shape
        )
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind == "f" and not are_labels:
        return _finite(array, name, file)
    if array.ndim == 2:
        _refuse(
            (array != 0) & (array != 1), array, name, file, "labels by column must be 0 or 1", KINDS
        )
    else:
        _refuse(array < 0, array, name, file, "a label must not be negative", KINDS)
    return _whole(array, name, file)


def check_same_rows(input: Tensor, target: Tensor, name: str, file: str) -> None:
    """Refuse a target that has not a row for each row of the input.

    Raises:
        DataError: Naming both numbers.
    """
    if len(target) != len(input):
        rule = f"must have the {len(input)} rows of the input"
        raise DataError(rule, file=file, column=name, value=len(target))


def check_range(target: Tensor, num_classes: int, name: str, file: str) -> None:
    """Refuse a label ``(N,)`` that is no class.

    Raises:
        DataError: Naming the first row.
    """
    rule = f"a label must be in [0, {num_classes})"
    _refuse((target >= num_classes).numpy(), target.numpy(), name, file, rule, KINDS)


def check_classes(target: Tensor, name: str, file: str) -> None:
    """Refuse training labels ``(N,)`` of a single class, or with a class that no row has.

    Raises:
        DataError: Naming the class.
    """
    present = np.unique(target.numpy()).tolist()
    if len(present) < 2:
        rule = "must have more than one class in the training rows"
        raise DataError(rule, file=file, column=name, value=present)
    absent = next((label for label, found in enumerate(present) if label != found), None)
    if absent is not None:
        raise DataError(
            f"no training row has label {absent}, though some have {present[-1]}",
            file=file,
            column=name,
            way_out="number the classes from 0 without gaps, or name them all in class_names;"
            f" {KINDS}",
        )


def _check_numbers(array: Array, name: str, file: str) -> None:
    if array.dtype.kind not in "fiub":
        raise DataError("must hold numbers", file=file, column=name, value=str(array.dtype))


def _finite(array: Array, name: str, file: str) -> Tensor:
    if array.dtype.kind == "f":
        _refuse(~np.isfinite(array), array, name, file, "must be a finite number")
    with np.errstate(over="ignore"):
        numbers = np.array(array, dtype=np.float32, order="C")
    _refuse(~np.isfinite(numbers), array, name, file, "must fit into float32")
    return torch.from_numpy(numbers)


def _whole(array: Array, name: str, file: str) -> Tensor:
    if array.dtype.kind == "f":
        wrong = ~np.isfinite(array) | (array != np.floor(array))
        _refuse(wrong, array, name, file, "must be a whole number")
    if array.dtype.kind != "b":
        _refuse(abs(array) >= 2.0**63, array, name, file, "must fit into int64")
    return torch.from_numpy(np.array(array, dtype=np.int64, order="C"))


def _refuse(wrong: Array, array: Array, name: str, file: str, rule: str, way_out: str = "") -> None:
    """Raise for the first element of ``array`` where ``wrong`` is true, if there is one."""
    if not wrong.any():
        return
    row, *rest = (int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape))
    column = f"{name}[{', '.join(map(str, rest))}]" if rest else name
    value = array[(row, *rest)].item()
    raise DataError(rule, file=file, row=row + 1, column=column, value=value, way_out=way_out)
