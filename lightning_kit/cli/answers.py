"""Write predictions as a table that a person can open."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lightning_kit.cli.errors import InputError


def write_answers(path: Path, batches: list[Any], classes: list[str] | None = None) -> int:
    """Write one row per sample to the CSV file ``path`` and return how many there are.

    A batch is a tensor ``(N, ...)`` or a dict of them; a column is made for every entry of a row.
    Where ``classes`` are known, ``prediction`` shows their names, and a column for each class has
    its name.
    """
    if not batches:
        raise InputError("there was nothing to predict: the predict data holds no batch")
    columns = _columns(batches, classes)
    predicted = columns.get("prediction")
    if classes is not None and predicted is not None and predicted.dtype.kind in "iu":
        columns["prediction"] = np.asarray(classes)[predicted]
    with path.open("x", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return len(next(iter(columns.values())))


def _columns(batches: list[Any], classes: list[str] | None) -> dict[str, np.ndarray[Any, Any]]:
    named = [batch if isinstance(batch, dict) else {"prediction": batch} for batch in batches]
    columns: dict[str, np.ndarray[Any, Any]] = {}
    for name in named[0]:
        parts = [batch[name] for batch in named]
        if not all(isinstance(part, Tensor) and part.ndim > 0 for part in parts):
            raise InputError(
                f"predict: {name!r} is {type(parts[0]).__name__}, not a tensor with a first "
                "dimension of samples; let predict_step return a tensor or a dict of tensors"
            )
        columns.update(_flat(name, torch.cat(parts), classes))
    return columns


def _flat(
    name: str, value: Tensor, classes: list[str] | None
) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    # numpy has no bfloat16.
    array = (value.float() if value.dtype == torch.bfloat16 else value).detach().cpu().numpy()
    if array.ndim == 1:
        yield name, array
        return
    array = array.reshape(len(array), -1)
    named = classes is not None and len(classes) == array.shape[1]
    for index in range(array.shape[1]):
        yield f"{name}_{classes[index] if named and classes else index}", array[:, index]
