"""Hold given values against what a graph takes, and convert what loses nothing by it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders.cells import Column, RawRowsError
from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.tensor_spec import TensorSpec

TAKES_FINITE = "leave the row out: the model's own answer to it is not what this file gives"
GIVES_FINITE = "leave the row out: it lies too far from what this file was made for"


def as_spec(values: Column, spec: TensorSpec) -> NDArray[Any]:
    """Return ``values`` ``(N, ...)``, an array or nested lists, as ``spec`` has them.

    Floats become the graph's floats; whole numbers become floats, or integers that hold them. A
    missing value (None) is NaN.

    Raises:
        RawRowsError: Naming the input, and the row where one is to blame; also where the input
            must be finite and is not.
        ArtefactError: If numpy has no such dtype.
    """
    dtype = _dtype(spec)
    array = _array(values, spec)
    expected = spec.shape[1:]
    if array.ndim != len(spec.shape) or any(
        isinstance(size, int) and size != found
        for size, found in zip(expected, array.shape[1:], strict=True)
    ):
        raise _wrong(spec, f"must have the shape {_shape(spec.shape)}", value=array.shape)
    converted = _converted(array, dtype, spec)
    check_finite(converted, spec, TAKES_FINITE)
    return converted


def check_finite(array: NDArray[Any], spec: TensorSpec, way_out: str) -> None:
    """Refuse the first row of ``array`` that is not finite, where ``spec`` says it must be."""
    if not spec.finite or array.dtype.kind != "f" or np.isfinite(array).all():
        return
    row, *place = (int(at) for at in np.argwhere(~np.isfinite(array))[0])
    where = f" at element {place}" if place else ""
    raise RawRowsError(
        f"must be finite{where}",
        column=spec.name, row=row + 1, value=float(array[(row, *place)]), way_out=way_out,
    )  # fmt: skip


def _dtype(spec: TensorSpec) -> np.dtype[Any]:
    # A package that another one imports may have told numpy of it; runtimes take it from no array.
    if spec.dtype == "bfloat16":
        raise ArtefactError(
            f"input {spec.name!r} is {spec.dtype}, which numpy does not have: export a graph that "
            "takes float32 and casts it"
        )
    return np.dtype(spec.dtype)


def _array(values: Column, spec: TensorSpec) -> NDArray[Any]:
    if isinstance(values, np.ndarray) and values.dtype != object:
        array = values
    else:
        try:
            array = np.asarray(list(values))
        except ValueError:
            raise _ragged(list(values), spec) from None
    if array.dtype.kind in "OUS":
        try:
            array = array.astype(np.float64)
        except (ValueError, TypeError):
            raise _not_numbers(array, spec) from None
    if array.dtype.kind not in "biuf":
        raise _wrong(spec, "must hold numbers", value=str(array.dtype))
    return array


def _ragged(rows: list[Any], spec: TensorSpec) -> RawRowsError:
    shapes = [np.shape(np.asarray(row, dtype=object)) for row in rows]
    at = next((at for at, shape in enumerate(shapes) if shape != shapes[0]), 0)
    rule = f"must have the shape of row 1, {shapes[0]}" if at else "must be nested lists alike"
    return _wrong(spec, rule, row=at + 1, value=shapes[at])


def _not_numbers(array: NDArray[Any], spec: TensorSpec) -> RawRowsError:
    for row, cell in enumerate(array, start=1):
        try:
            np.asarray(cell).astype(np.float64)
        except (ValueError, TypeError):
            return _wrong(spec, "must hold numbers", row=row, value=str(cell)[:40])
    return _wrong(spec, "must hold numbers")


def _converted(array: NDArray[Any], dtype: np.dtype[Any], spec: TensorSpec) -> NDArray[Any]:
    if array.dtype == dtype:
        return np.ascontiguousarray(array)
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            converted = array.astype(dtype)
        lost = np.isinf(converted) & np.isfinite(array)
        rule = f"must be finite as a {dtype}"
    else:
        with np.errstate(invalid="ignore"):
            converted = array.astype(dtype)
        lost = converted.astype(np.float64) != array.astype(np.float64)
        rule = f"must be {'a truth value' if dtype.kind == 'b' else f'whole numbers of {dtype}'}"
    if lost.any():
        where = np.unravel_index(int(np.argmax(lost)), lost.shape)
        raise _wrong(spec, rule, row=int(where[0]) + 1, value=array[where].item())
    return converted


def _shape(shape: tuple[int | str, ...]) -> str:
    return f"({', '.join(map(str, shape))})"


def _wrong(
    spec: TensorSpec, rule: str, *, row: int | None = None, value: object = None
) -> RawRowsError:
    return RawRowsError(rule, column=spec.name, row=row, value=value)
