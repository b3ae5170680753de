"""A file of raw rows as the tensors that a module takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from lightning_kit.artefact import TensorSpec, encode_inputs, read_rows
from lightning_kit.artefact.encoders import Encoder, RawRowsError
from lightning_kit.artefact.encoding import apply_encoders, count_rows, has_image
from lightning_kit.artefact.rows.read import TABLES
from lightning_kit.cli.wrong_row import wrong_row


def encoded_rows(file: Path, encoders: Sequence[Encoder]) -> Tensor:
    """Return the rows of ``file`` as encoders have them; what is wrong is an InputError."""
    return torch.from_numpy(_read(file, encoders, ())["input"])


def encoded_batches(file: Path, encoders: Sequence[Encoder], size: int) -> list[Tensor]:
    """Return the rows of ``file`` as encoders have them, ``size`` at a time.

    Pictures come one by one where no size is declared, for each may have its own.

    Raises:
        InputError: If the rows are wrong.
        DataError: If the file cannot be read.
    """
    rows = read_rows(file, encoders, ())
    if has_image(encoders) and encoders[0]["size"] is None:
        size = 1
    batches = []
    try:
        for start in range(0, count_rows(rows, encoders, ()), size):
            some = {name: column[start : start + size] for name, column in rows.items()}
            try:
                batches.append(torch.from_numpy(apply_encoders(some, encoders)))
            except RawRowsError as error:
                raise error.shifted(start) from None
    except RawRowsError as error:
        raise wrong_row(file, error) from error
    return batches


def input_rows(file: Path, sample: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the rows of ``file`` by input, like those of ``sample`` ``(N, ...)``.

    Raises:
        InputError: If the rows are not of the sample's shape and kind.
        DataError: If the file cannot be read.
    """
    specs = [_spec(name, value, file) for name, value in sample.items()]
    return {name: torch.from_numpy(array) for name, array in _read(file, None, specs).items()}


def _read(
    file: Path, encoders: Sequence[Encoder] | None, specs: Sequence[TensorSpec]
) -> dict[str, NDArray[Any]]:
    rows = read_rows(file, encoders, specs)
    try:
        if encoders is not None:
            return {"input": apply_encoders(rows, encoders)}
        return encode_inputs(rows, None, specs)
    except RawRowsError as error:
        raise wrong_row(file, error) from error


def _spec(name: str, value: Tensor, file: Path) -> TensorSpec:
    # Sequences of whole numbers are tokens, of any length.
    is_tokens = value.ndim == 2 and not value.is_floating_point()
    sizes: tuple[int | str, ...] = tuple(value.shape[1:])
    if is_tokens and file.suffix.lower() not in TABLES:
        sizes = ("length",)
    kind = "float32" if value.dtype is torch.bfloat16 else str(value.dtype).removeprefix("torch.")
    return TensorSpec(name, kind, ("batch", *sizes))
