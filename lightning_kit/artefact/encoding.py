"""From raw rows to the arrays that a graph takes."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from numpy.typing import NDArray

from lightning_kit.artefact.arrays import as_spec
from lightning_kit.artefact.encoders import Encoder, RawRows, RawRowsError, encode, image
from lightning_kit.artefact.encoders.cells import Column
from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.tensor_spec import TensorSpec

IMAGE = "image"


def encode_inputs(
    rows: RawRows, encoders: Sequence[Encoder] | None, inputs: Sequence[TensorSpec]
) -> dict[str, NDArray[Any]]:
    """Return the graph's inputs by name, each of its dtype and shape, first dimension N.

    Args:
        rows: With encoders, raw cells by column; without, arrays or nested lists ``(N, ...)`` by
            name of the input. What nobody asks for is ignored.
        encoders: One of kind ``image`` alone, or any number that make one matrix together.
        inputs: What the graph takes; one alone where there are encoders.

    Raises:
        RawRowsError: If a column is missing, lengths differ, or a cell is wrong; also where an
            image encoder declares no size, and a picture has not the graph's.
        ArtefactError: If the encoders are not for this graph.
        ImportError: If an encoder needs a package that is not installed.
    """
    count_rows(rows, encoders, inputs)
    if encoders is None:
        arrays = {spec.name: as_spec(rows[spec.name], spec) for spec in inputs}
        _check_dynamic(arrays, inputs)
        return arrays
    if len(inputs) != 1:
        names = ", ".join(spec.name for spec in inputs)
        raise ArtefactError(f"encoders make one input, the graph takes {len(inputs)}: {names}")
    (spec,) = inputs
    encoded = apply_encoders(rows, encoders)
    if has_image(encoders):
        _check_picture(encoded, encoders[0], spec)
    try:
        return {spec.name: as_spec(encoded, spec)}
    except RawRowsError as error:
        raise ArtefactError(f"the encoders are not for this graph: {error}") from None


def apply_encoders(rows: RawRows, encoders: Sequence[Encoder]) -> NDArray[Any]:
    """Return ``(N, F)`` float32, or of an image encoder ``(N, C, H, W)`` uint8.

    Raises:
        RawRowsError: If a column is missing, lengths differ, or a cell is wrong.
        ArtefactError: If an image encoder does not stand alone.
        ImportError: If an encoder needs a package that is not installed.
    """
    count_rows(rows, encoders, ())
    if not has_image(encoders):
        return encode(rows, encoders)
    (encoder,) = encoders
    return image.encode(rows[encoder["column"]], encoder)


def columns_of(encoders: Sequence[Encoder] | None, inputs: Sequence[TensorSpec]) -> list[str]:
    """Return the names of the raw columns that :func:`encode_inputs` reads."""
    if encoders is None:
        return [spec.name for spec in inputs]
    return list(dict.fromkeys(encoder["column"] for encoder in encoders))


def count_rows(
    rows: Mapping[str, Column], encoders: Sequence[Encoder] | None, inputs: Sequence[TensorSpec]
) -> int:
    """Return ``N``; what is missing, or differs in length, is a RawRowsError."""
    first, *others = columns_of(encoders, inputs)
    for name in (first, *others):
        if name not in rows:
            close = get_close_matches(name, list(rows), n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"columns: {', '.join(rows)}"
            raise RawRowsError("is missing in the rows", column=name, way_out=hint)
    count = len(rows[first])
    for name in others:
        if (found := len(rows[name])) != count:
            rule = f"must have the {count} rows of column {first!r}"
            raise RawRowsError(rule, column=name, value=found)
    return count


def has_image(encoders: Sequence[Encoder] | None) -> bool:
    """Say whether the encoders are one of images.

    Raises:
        ArtefactError: If there is one beside others.
    """
    kinds = [encoder["kind"] for encoder in encoders or ()]
    if IMAGE in kinds and len(kinds) > 1:
        raise ArtefactError(f"an image encoder must stand alone, got kinds {', '.join(kinds)}")
    return IMAGE in kinds


def _check_picture(encoded: NDArray[Any], encoder: Encoder, spec: TensorSpec) -> None:
    """Hold pictures ``(N, C, H, W)`` of one size against the graph, where none was declared."""
    sizes = spec.shape[2:]
    if encoder["size"] is not None or len(sizes) != 2 or not len(encoded):
        return
    found = encoded.shape[2:]
    if any(type(size) is int and size != given for size, given in zip(sizes, found, strict=True)):
        wanted = " x ".join("any" if isinstance(size, str) else str(size) for size in sizes)
        raise RawRowsError(
            f"must be a picture of {wanted} pixels, height x width",
            column=encoder["column"], row=1, value=found,
            way_out="resize it, or export with an encoder that declares a size",
        )  # fmt: skip


def _check_dynamic(arrays: Mapping[str, NDArray[Any]], inputs: Sequence[TensorSpec]) -> None:
    """Hold dynamic dimensions of one name against each other."""
    sizes: dict[str, tuple[str, int]] = {}
    for spec in inputs:
        for named, size in zip(spec.shape, arrays[spec.name].shape, strict=True):
            if isinstance(named, str):
                first, expected = sizes.setdefault(named, (spec.name, size))
                if size != expected:
                    rule = f"must have the {named} of {first!r}, {expected}"
                    raise RawRowsError(rule, column=spec.name, value=size)
