"""Divide an optimizer's gradients where they are."""

from collections import defaultdict

import torch
from torch import Tensor
from torch.optim import Optimizer


def divide_gradients(optimizer: Optimizer, divisor: Tensor) -> None:
    """Divide all gradients in place, in one operation a device; parameters without one are left.

    Args:
        optimizer: Whose parameters.
        divisor: A scalar, of any device. Infinity makes finite gradients 0.
    """
    by_device: dict[torch.device, list[Tensor]] = defaultdict(list)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                by_device[parameter.grad.device].append(parameter.grad)
    for device, gradients in by_device.items():
        torch._foreach_div_(gradients, divisor.to(device))
