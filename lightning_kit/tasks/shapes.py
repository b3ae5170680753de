"""Find a mistake in a batch by its shapes and types alone, so that no value leaves the device."""

from typing import Any

from torch import Tensor


def check_rows(output: Any, target: Any) -> None:
    """Refuse what is no tensor, or a model whose answers are not one a row.

    Raises:
        ValueError: Naming what was found.
    """
    for name, value in (("the model's output", output), ("target", target)):
        if not isinstance(value, Tensor) or value.ndim == 0:
            raise ValueError(f"{name} must be a tensor with N rows, got {type(value).__name__}")
    if len(output) != len(target):
        raise ValueError(
            f"the model's output must have a row for each of the {len(target)} targets, "
            f"got shape {tuple(output.shape)}"
        )


def check_shape(name: str, value: Tensor, allowed: tuple[tuple[int, ...], ...], hint: str) -> None:
    """Refuse a shape that is none of ``allowed``.

    Raises:
        ValueError: Naming the value, what is allowed, what was found, and ``hint``.
    """
    if tuple(value.shape) not in allowed:
        wanted = " or ".join(str(shape) for shape in allowed)
        raise ValueError(f"{name} must have shape {wanted}, got {tuple(value.shape)}: {hint}")


def check_labels(target: Tensor) -> None:
    """Refuse targets that are not integers or booleans.

    Raises:
        ValueError: Naming the type that was found.
    """
    if target.is_floating_point() or target.is_complex():
        raise ValueError(
            f"target must hold integers or booleans, got {target.dtype}: for a TableDataModule set "
            "data.kind to classification, for an ArrayDataModule name its data.class_names, and "
            "otherwise use target.long()"
        )
