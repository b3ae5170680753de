"""What a task may want to know about the targets of the training part."""

import torch
from torch import Tensor


def count_classes(target: Tensor, num_classes: int) -> list[int]:
    """Count the rows of each class in ``(N,)``, or the positives of each label in ``(N, C)``."""
    if target.ndim == 1:
        return torch.bincount(target, minlength=num_classes).tolist()
    return target.sum(dim=0).tolist()
