"""The four parts of data that lies in memory whole."""

import torch
from torch import Tensor

from lightning_kit.datamodules.base import Part
from lightning_kit.datamodules.splits import Split

Parts = dict[Part, tuple[Tensor, Tensor | None]]


def deal(input: Tensor, target: Tensor, split: Split) -> Parts:
    """Deal ``(input, target)`` out; prediction gets the test inputs. An empty part is left out."""
    rows = {part: torch.from_numpy(index) for part, index in split.items() if len(index)}
    parts: Parts = {
        part: (input[rows[part]], target[rows[part]])
        for part in ("train", "val", "test")
        if part in rows
    }
    if "test" in parts:
        parts["predict"] = (parts["test"][0], None)
    return parts


def take(parts: Parts, part: Part) -> tuple[Tensor, Tensor | None]:
    """Return one part.

    Raises:
        ValueError: If it is empty.
    """
    if part not in parts:
        raise ValueError(f"fractions must give the {part} part rows before it is asked for")
    return parts[part]
