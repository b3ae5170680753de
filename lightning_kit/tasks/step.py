"""What goes into a step and what comes out of it."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True, slots=True)
class StepOutput:
    """One batch, seen by a task.

    Attributes:
        loss: Scalar, the mean over ``weight`` units.
        weight: How many units ``loss`` is the mean of: samples, or the sum of their weights.
        scores: What the metrics compare, e.g. probabilities ``(N, C)``.
        target: What they compare it with, e.g. ``(N,)``.
    """

    loss: Tensor
    weight: int | Tensor
    scores: Tensor
    target: Tensor


def split(batch: Any) -> tuple[Any, Tensor]:
    """Take ``(input, target)`` apart.

    Raises:
        ValueError: If ``batch`` is not a pair.
    """
    if isinstance(batch, tuple | list) and len(batch) == 2:
        return batch[0], batch[1]
    raise ValueError(f"a batch must be (input, target), got {describe(batch)}")


def input_of(batch: Any) -> Any:
    """Return the input of a batch to predict: of ``(input, target)``, of ``(input,)``, or bare.

    Raises:
        ValueError: If ``batch`` is a tuple or list of any other length.
    """
    if not isinstance(batch, tuple | list):
        return batch
    if len(batch) in (1, 2):
        return batch[0]
    raise ValueError(
        f"a batch to predict must be input, (input,) or (input, target), got {describe(batch)}: "
        "put an input of several parts into a dict"
    )


def describe(batch: Any) -> str:
    """Name a batch's type, and its length where it has parts."""
    parts = f" of {len(batch)}" if isinstance(batch, tuple | list | dict) else ""
    return type(batch).__name__ + parts
