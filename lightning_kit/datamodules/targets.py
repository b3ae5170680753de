"""What a task may want to know about the targets of the training part."""

import numpy as np
import torch
from torch import Tensor

from lightning_kit.artefact.rows.errors import DataError

# Rounding to steps of this share of the standard deviation costs R2 0.001.
COARSEST_STEP = 0.1


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
    """Refuse a target ``(N,)`` or ``(N, T)`` with a column of equal, or all but equal, values.

    Raises:
        DataError: Naming the column and the value.
    """
    columns = target.reshape(len(target), -1)
    constant = (columns == columns[0]).all(dim=0).nonzero().flatten().tolist()
    names = [name] if target.ndim == 1 else [f"{name}[{at}]" for at in range(columns.shape[1])]
    if constant:
        raise DataError(
            "must hold more than one value in the training rows",
            file=file,
            column=names[constant[0]],
            value=columns[0, constant[0]].item(),
        )
    if target.is_floating_point():
        for column, values in zip(names, columns.T, strict=True):
            _check_keeps_spread(values, column, file)


def _check_keeps_spread(values: Tensor, column: str, file: str | None) -> None:
    step = float(np.spacing(np.float32(values.abs().max().item())))
    spread = values.double().std(correction=0).item()
    if step > COARSEST_STEP * spread:
        raise DataError(
            f"must keep its spread as float32, whose steps are {step:g} there: the standard"
            f" deviation is {spread:.3g}",
            file=file,
            column=column,
            way_out=f"take a constant off it, such as {values.median().item():g}",
        )
