"""Example inputs to export with, and which of their dimensions a file must take in any size."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lightning_kit.export.arrays import as_tensors
from lightning_kit.export.errors import ExportError
from lightning_kit.export.formats.base import Dynamic
from lightning_kit.export.formats.program import BATCH, program_of
from lightning_kit.export.formats.unsupported import Unsupported
from lightning_kit.export.graph import AnswerGraph

LENGTH = "length"


def example_of(
    inputs: Mapping[str, Any],
    *,
    lengths: Mapping[str, int] | None = None,
    device: torch.device | None = None,
) -> tuple[dict[str, Tensor], Dynamic]:
    """Return two rows to export with, and the names of their dynamic dimensions.

    The first dimension, ``batch``, is dynamic in every input. Another is where two rows differ in
    it, or ``lengths`` says so. Those that are equal in every row share a name: ``length``, then
    ``length_2`` and so on.

    Args:
        inputs: What the graph takes: an array ``(N, ...)`` for each input, or ``N`` arrays that
            may differ in size. One row is enough.
        lengths: Input -> the dimension that is dynamic, counted with the batch as 0.
        device: Where the graph lies.

    Raises:
        ExportError: If an input has no row, is not of numbers, or ``lengths`` names none of its
            dimensions.
    """
    rows = {name: _rows(name, values) for name, values in inputs.items()}
    if len(counts := {len(arrays) for arrays in rows.values()}) != 1:
        raise ExportError(f"inputs must be of one length, got {sorted(counts)} rows")
    sizes = {
        (name, place): tuple(sizes)
        for name, arrays in rows.items()
        for place, sizes in enumerate(zip(*(array.shape for array in arrays), strict=True), start=1)
    }
    asked = _asked(lengths or {}, sizes)
    named: dict[tuple[int, ...], str] = {}
    dynamic: dict[str, dict[int, str]] = {name: {0: BATCH} for name in rows}
    for (name, place), found in sizes.items():
        if len(set(found)) > 1 or (name, place) in asked:
            number = len(named) + 1
            called = named.setdefault(found, LENGTH if number == 1 else f"{LENGTH}_{number}")
            dynamic[name][place] = called
    at = _longest(sizes, dynamic, len(next(iter(rows.values()))))
    pairs = {name: _pair(arrays, at) for name, arrays in rows.items()}
    return as_tensors(pairs, device), dynamic


def allowed(graph: AnswerGraph, example: Mapping[str, Tensor], dynamic: Dynamic) -> Dynamic:
    """Return the dynamic dimensions that the model takes: the batch, and lengths if it can.

    Raises:
        Unsupported: If it does not even take a batch of any size.
    """
    batch = {name: {place: BATCH for place in dims if place == 0} for name, dims in dynamic.items()}
    if batch == dynamic:
        return dynamic
    try:
        program_of(graph, example, dynamic)
    except Unsupported:
        program_of(graph, example, batch)
        return batch
    return dynamic


def _rows(name: str, values: Any) -> list[NDArray[Any]]:
    arrays = [
        np.asarray(row.detach().cpu() if isinstance(row, Tensor) else row) for row in values[:]
    ]
    if not arrays:
        raise ExportError(f"input {name!r} must have at least one row, got none")
    for row, array in enumerate(arrays, start=1):
        if array.dtype.kind not in "fiub":
            raise ExportError(f"input {name!r} must be of numbers, got {array.dtype} in row {row}")
        if array.ndim != arrays[0].ndim:
            raise ExportError(
                f"input {name!r} must have {arrays[0].ndim} dimensions in every row, "
                f"got {array.ndim} in row {row}"
            )
    return arrays


def _asked(lengths: Mapping[str, int], known: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    known = set(known)
    for name, place in lengths.items():
        if (name, place) not in known:
            places = sorted(at for other, at in known if other == name)
            raise ExportError(
                f"lengths[{name!r}] must be one of the input's dimensions {places}, got {place}"
            )
    return set(lengths.items())


def _longest(sizes: Mapping[tuple[str, int], tuple[int, ...]], dynamic: Dynamic, count: int) -> int:
    """Return the row whose dynamic lengths are largest: 1 would be taken for a constant."""
    lengths = [found for (name, place), found in sizes.items() if place in dynamic[name]]
    return max(range(count), key=lambda row: min((each[row] for each in lengths), default=0))


def _pair(arrays: list[NDArray[Any]], at: int) -> NDArray[Any]:
    first = arrays[at]
    others = (array for row, array in enumerate(arrays) if row != at)
    second = next((array for array in others if array.shape == first.shape), first)
    return np.stack([first, second])
