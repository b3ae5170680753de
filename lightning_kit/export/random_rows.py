"""Rows like a module's own example, where nobody gave real ones."""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lightning_kit.export.errors import ExportError
from lightning_kit.export.samples import ENOUGH, Samples

EXAMPLE = "example_input_array"


def rows_like_example(module: nn.Module, *, count: int = ENOUGH, seed: int = 0) -> Samples:
    """Return ``count`` random rows like ``module.example_input_array``.

    A tensor there is the input called ``input``, a dict has its keys, a tuple has the names of
    ``forward``'s parameters. Floats are normal with the example's mean and spread, whole numbers
    lie within the example's range.

    Raises:
        ExportError: If the module has no example, or it is of another kind.
    """
    example = getattr(module, EXAMPLE, None)
    if example is None:
        raise ExportError(
            f"samples must be given, or {EXAMPLE} be set in {type(module).__name__}: what is "
            "exported is checked on rows"
        )
    generator = np.random.default_rng(seed)
    tensors = _named(example, module)
    return Samples({name: _like(tensor, count, generator) for name, tensor in tensors.items()})


def _named(example: Any, module: nn.Module) -> dict[str, Tensor]:
    if isinstance(example, Tensor):
        named: dict[str, Any] = {"input": example}
    elif isinstance(example, Mapping):
        named = {str(name): value for name, value in example.items()}
    elif isinstance(example, tuple | list):
        named = dict(zip(inspect.signature(module.forward).parameters, example, strict=False))
        if len(example) == 1:
            named = {"input": example[0]}
    else:
        named = {EXAMPLE: example}
    for name, value in named.items():
        if not isinstance(value, Tensor) or not value.ndim or not len(value):
            raise ExportError(
                f"{EXAMPLE} must be tensors with at least one row, got {type(value).__name__} "
                f"for {name!r}"
            )
    return named


def _like(tensor: Tensor, count: int, generator: np.random.Generator) -> NDArray[Any]:
    values = tensor.detach().cpu().numpy()
    shape = (count, *values.shape[1:])
    if values.dtype.kind == "f":
        spread = float(values.std()) or 1.0
        drawn: NDArray[Any] = generator.normal(values.mean(), spread, shape)
    elif values.dtype.kind == "b":
        drawn = generator.integers(0, 2, shape)
    else:
        drawn = generator.integers(int(values.min()), int(values.max()), shape, endpoint=True)
    return drawn.astype(values.dtype)
