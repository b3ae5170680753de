"""What the outputs of a module are called once they leave it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from lightning_kit.export.errors import ExportError


def named_outputs(output: Any) -> dict[str, Tensor]:
    """Name the tensors of ``output``: a dict by its keys, others ``output`` or ``output_<place>``.

    bfloat16, which numpy does not know, becomes float32.

    Raises:
        ExportError: If ``output`` is anything but a tensor, or a dict, tuple or list of tensors.

    >>> list(named_outputs((torch.ones(2), torch.ones(2))))
    ['output_0', 'output_1']
    """
    if isinstance(output, Tensor):
        named: dict[str, Any] = {"output": output}
    elif isinstance(output, Mapping):
        named = {str(name): value for name, value in output.items()}
    elif isinstance(output, tuple | list):
        named = {f"output_{place}": value for place, value in enumerate(output)}
    else:
        raise ExportError(
            "the answers must be a tensor or a dict or tuple of tensors, "
            f"got {type(output).__name__}: wrap the model in a module that returns tensors"
        )
    if not named:
        raise ExportError("the answers must be at least one tensor, got none")
    for name, value in named.items():
        if not isinstance(value, Tensor):
            raise ExportError(
                f"answer {name!r} must be a tensor, got {type(value).__name__}: "
                "wrap the model in a module that returns tensors alone"
            )
    return {
        name: value.float() if value.dtype is torch.bfloat16 else value
        for name, value in named.items()
    }


def check_rows(outputs: Mapping[str, Tensor], rows: int) -> None:
    """Refuse an answer that does not have one row for each of ``rows`` inputs.

    Raises:
        ExportError: Naming the answer and its shape.
    """
    for name, value in outputs.items():
        if value.ndim == 0 or len(value) != rows:
            raise ExportError(
                f"answer {name!r} must have one row for each input, got shape "
                f"{tuple(value.shape)} for {rows} rows"
            )
