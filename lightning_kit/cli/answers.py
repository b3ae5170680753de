"""Write what ``predict_step`` returned as a table that a person can open."""

from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from lightning_kit.artefact import ArtefactError, answers
from lightning_kit.artefact.row_shapes import several_shapes
from lightning_kit.cli.errors import InputError


def write_answers(path: Path, batches: list[Any], classes: list[str] | None = None) -> int:
    """Write one row per sample to the CSV file ``path`` and return how many there are.

    A batch is a tensor ``(N, ...)`` or a dict of them; columns are those of
    :func:`lightning_kit.artefact.answers.write_answers`.

    Raises:
        InputError: If there is no answer, they make no one table, or the file cannot be written.
    """
    if not batches:
        raise InputError("there was nothing to predict: the predict data holds no batch")
    arrays = _arrays(batches)
    try:
        return answers.write_answers(path, arrays, classes)
    except ArtefactError as error:
        raise InputError(str(error)) from error


def _arrays(batches: list[Any]) -> dict[str, NDArray[Any]]:
    named = [batch if isinstance(batch, dict) else {"prediction": batch} for batch in batches]
    for others in named[1:]:
        if others.keys() != named[0].keys():
            raise InputError(
                "predict: every batch must be answered by the same outputs for one table, got "
                f"{', '.join(named[0])}, then {', '.join(others)}: let predict_step name them alike"
            )
    arrays: dict[str, NDArray[Any]] = {}
    for name in named[0]:
        parts = [batch[name] for batch in named]
        if not all(isinstance(part, Tensor) and part.ndim > 0 for part in parts):
            raise InputError(
                f"predict: {name!r} is {type(parts[0]).__name__}, not a tensor with a first "
                "dimension of samples; let predict_step return a tensor or a dict of tensors"
            )
        try:
            arrays[name] = _array(torch.cat(parts))
        except RuntimeError as error:
            if len({part.shape[1:] for part in parts}) == 1:
                raise
            raise InputError(f"predict: {several_shapes(name, parts)}") from error
    return arrays


def _array(value: Tensor) -> NDArray[Any]:
    # numpy has no bfloat16.
    array: NDArray[Any] = (
        (value.float() if value.dtype == torch.bfloat16 else value).detach().cpu().numpy()
    )
    return array
