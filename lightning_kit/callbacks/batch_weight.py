"""How much a batch counts beside others: over how many units its loss is the mean."""

import math
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

import torch
import torch.distributed as dist
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.utilities.data import extract_batch_size
from torch import Tensor


def returned_weight(output: Any) -> Tensor | float | None:
    """Return the ``weight`` that ``training_step`` returned beside its loss; None without one.

    Args:
        output: What ``training_step`` returned.

    Raises:
        ValueError: If it is no number, or a number below 0 or not finite. The value of a tensor is
            not looked at, which would make its device wait.
    """
    weight = output.get("weight") if isinstance(output, Mapping) else None
    if weight is None:
        return None
    if isinstance(weight, Tensor):
        if weight.numel() == 1 and not weight.is_complex():
            return weight.detach().reshape(())
        raise _wrong(f"a tensor of {weight.dtype} and shape {tuple(weight.shape)}")
    if not isinstance(weight, Real) or not 0 <= float(weight) < math.inf:
        raise _wrong(repr(weight))
    return float(weight)


def num_samples(batch: Any) -> int:
    """Return the first dimension of the first tensor in ``batch``, as Lightning has it.

    Raises:
        ValueError: If there is none, or the batch is an iterator, which looking would use up.
    """
    try:
        if isinstance(batch, Iterator):
            raise MisconfigurationException("an iterator")
        return extract_batch_size(batch)
    except MisconfigurationException:
        raise ValueError(
            "training_step must return a weight where its batch does not tell the number of "
            f"samples, got {type(batch).__name__}: return "
            '{"loss": mean, "weight": n}, with n what the mean is over'
        ) from None


def weight_unit(weight: Tensor, num_ranks: int) -> Tensor:
    """Return a power of two, at most the mean of ``weight`` over all ranks; 1 where that is 0.

    Counted in it, weights stay near 1: a loss that is multiplied by thousands would overflow
    float16, and cost a gradient scaler its first steps. To divide by a power of two is exact, so
    whichever it is, as in a resumed fit with another first batch, gradients are the same.

    Args:
        weight: A scalar, at least 0. All ranks call this together.
        num_ranks: How many there are; 1 needs no process group.
    """
    mean = weight.clone()
    if num_ranks > 1:
        dist.all_reduce(mean)
        mean /= num_ranks
    return torch.where(mean > 0, mean.log2().floor().exp2(), 1.0)


def _wrong(got: str) -> ValueError:
    return ValueError(
        "the weight that training_step returns must be one number of at least 0, such as the "
        f"number of valid targets that the loss is the mean of, got {got}"
    )
