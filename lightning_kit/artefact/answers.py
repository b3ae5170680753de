"""Write answers as a table that a person can open."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.errors import ArtefactError


def write_answers(
    path: Path, answers: Mapping[str, NDArray[Any]], classes: Sequence[str] | None = None
) -> int:
    """Write one row per sample to the CSV file ``path`` and return how many there are.

    Each answer is ``(N, ...)``; a column is made for every entry of a row. Where ``classes`` are
    known, ``prediction`` shows their names, and a column for each class has its name.

    Raises:
        FileExistsError: If there is such a file.
        ArtefactError: If answers differ in their rows, a prediction is none of ``classes``, or the
            disk takes no more; then there is no such file.
    """
    counts = {name: len(array) for name, array in answers.items()}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ArtefactError(
            f"outputs must have as many rows as there are samples, got {found}: let the model "
            "answer each sample by a row"
        )
    columns: dict[str, NDArray[Any]] = {}
    for name, array in answers.items():
        columns.update(_flat(name, array, classes))
    predicted = columns.get("prediction")
    if classes is not None and predicted is not None and predicted.dtype.kind in "iu":
        if len(predicted) and not 0 <= predicted.min() <= predicted.max() < len(classes):
            raise ArtefactError(
                f"prediction must be in [0, {len(classes)}), the number of classes, got "
                f"{predicted.min()} to {predicted.max()}: the classes are not this model's"
            )
        columns["prediction"] = np.asarray(classes)[predicted]
    _write(path, columns)
    return len(next(iter(columns.values())))


def _write(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    is_ours = False
    try:
        with path.open("x", newline="", encoding="utf-8") as file:
            is_ours = True
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    except BaseException as error:
        if is_ours:
            # Half a table looks like a whole one.
            path.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, FileExistsError):
            raise ArtefactError(
                f"{path}: the answers cannot be written ({error.strerror}): name another file, or "
                "make room"
            ) from error
        raise


def _flat(
    name: str, array: NDArray[Any], classes: Sequence[str] | None
) -> Iterator[tuple[str, NDArray[Any]]]:
    if array.ndim == 1:
        yield name, array
        return
    array = array.reshape(len(array), -1)
    named = classes is not None and len(classes) == array.shape[1]
    for index in range(array.shape[1]):
        yield f"{name}_{classes[index] if named and classes else index}", array[:, index]
