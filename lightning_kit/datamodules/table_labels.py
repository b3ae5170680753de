"""Target columns as tensors: labels by name, numbers, or several truth values a row."""

from typing import cast

import numpy as np
import torch
from torch import Tensor

from lightning_kit.artefact.encoders import RawRowsError, category
from lightning_kit.artefact.encoders.cells import MISSING_WORDS
from lightning_kit.artefact.encoders.number import read as read_numbers
from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.datamodules.table_rows import TableRows

# A class may well be called "none"; the other words say that the label is not known.
MISSING_LABELS = MISSING_WORDS - {"none"}
SEVERAL = "several targets are all numbers, or all truth values: 0, 1, true or false"
TRUTH = {"0": 0, "1": 1, "false": 0, "true": 1}


def labels(rows: TableRows, name: str) -> list[str]:
    """Return the text of each label.

    Raises:
        DataError: If one is missing.
    """
    try:
        found = category.read(name, rows[name])
    except RawRowsError as error:
        raise rows.placed(error) from None
    missing = {label for label in set(found) if label is None or label.lower() in MISSING_LABELS}
    if missing:
        raise _missing(rows, next(at for at, label in enumerate(found) if label in missing), name)
    return cast("list[str]", found)


def find_classes(rows: TableRows, name: str) -> list[str]:
    """Return the classes, sorted as numbers where all are integers, else as text.

    Raises:
        DataError: If a label is missing, or there is one class only.
    """
    found = set(labels(rows, name))
    if len(found) == 1:
        rule = "must have more than one class in the training rows"
        raise rows.error(rule, None, name, value=found.pop())
    category.warn_of_spellings(name, rows[name])
    whole = all(label.removeprefix("-").isdecimal() for label in found)
    return sorted(found, key=int) if whole else sorted(found)


def class_indices(rows: TableRows, name: str, classes: list[str]) -> Tensor:
    """Return ``(N,)`` int64 in [0, C).

    Raises:
        DataError: If a label is missing, or is none of ``classes``.
    """
    order = {label: at for at, label in enumerate(classes)}
    found = labels(rows, name)
    for at, label in enumerate(found):
        if label not in order:
            few = ", ".join(classes[:5]) + (", ..." if len(classes) > 5 else "")
            raise rows.error(
                f"must be one of the {len(classes)} classes of the training rows, {few}",
                at,
                name,
                value=label,
                way_out="split: stratified gives each class to each part",
            )
    return torch.tensor([order[label] for label in found], dtype=torch.int64)


def truth_values(rows: TableRows, names: list[str]) -> Tensor:
    """Return ``(N, C)`` int64, 0 or 1.

    Raises:
        DataError: If a cell is neither 0, 1, true nor false.
    """
    columns: list[Tensor] = []
    for name in names:
        found = labels(rows, name)
        for at, label in enumerate(found):
            if label not in TRUTH:
                rule = "must be 0, 1, true or false, as several targets are labels of one row"
                raise rows.error(rule, at, name, value=label, way_out=_way_out(label))
        columns.append(torch.tensor([TRUTH[label] for label in found], dtype=torch.int64))
    return torch.stack(columns, dim=1)


def numbers(rows: TableRows, names: list[str]) -> Tensor:
    """Return float32 ``(N,)`` for one target, ``(N, T)`` for more.

    Raises:
        DataError: If a cell is missing or no number.
    """
    columns: list[Tensor] = []
    for name in names:
        try:
            values = read_numbers(name, rows[name])
        except RawRowsError as error:
            hint = "or kind: classification" if len(names) == 1 else SEVERAL
            raise rows.placed(error, way_out=hint) from None
        if (gaps := np.isnan(values)).any():
            raise _missing(rows, int(np.argmax(gaps)), name)
        columns.append(torch.from_numpy(values).float())
    return columns[0] if len(names) == 1 else torch.stack(columns, dim=1)


def _way_out(label: str) -> str:
    try:
        float(label)
    except ValueError:
        return "write 0 or 1, or name one target"
    return "or kind: regression, if the targets are numbers"


def _missing(rows: TableRows, at: int, name: str) -> DataError:
    hint = "leave the row out; rows without a target can be predicted: predict_path"
    return rows.error("a target must not be missing", at, name, way_out=hint)
