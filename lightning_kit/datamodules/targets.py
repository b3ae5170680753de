"""What a task may want to know about the targets of the training part."""

import torch
from torch import Tensor

from lightning_kit.datamodules.errors import DataError


def count_classes(target: Tensor, num_classes: int) -> list[int]:
    """Count the rows of each class in ``(N,)``, or the positives of each label in ``(N, C)``."""
    if target.ndim == 1:
        return torch.bincount(target, minlength=num_classes).tolist()
    return target.sum(dim=0).tolist()


def mean_and_std(target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the float32 mean and standard deviation ``(T,)`` of ``(N,)`` or ``(N, T)``."""
    std, mean = torch.std_mean(target.reshape(len(target), -1).double(), dim=0, correction=0)
    return mean.float(), std.float()


def check_varies(target: Tensor, name: str, file: str | None = None) -> None:
    """Refuse a target ``(N,)`` or ``(N, T)`` with a column of equal values.

    Raises:
        DataError: Naming the column and the value.
    """
    columns = target.reshape(len(target), -1)
    constant = (columns == columns[0]).all(dim=0).nonzero().flatten().tolist()
    if constant:
        column = name if target.ndim == 1 else f"{name}[{constant[0]}]"
        raise DataError(
            "must hold more than one value in the training rows",
            file=file,
            column=column,
            value=columns[0, constant[0]].item(),
        )
