"""Use torch's fused optimizer kernels where they are safe and nobody chose otherwise."""

import inspect

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import GradientAccumulationScheduler
from torch import nn
from torch.optim import Optimizer


def with_fused(optimizer: Optimizer, module: nn.Module, trainer: pl.Trainer) -> Optimizer:
    """Return ``optimizer`` built again with ``fused=True``, or unchanged where that is not safe.

    It is left alone where ``fused``, ``foreach`` or ``differentiable`` was given, for an optimizer
    that is not torch's own, on a device or dtype without a kernel, and where Lightning or the
    maths of the gradient scaler forbids it.
    """
    if not (_may(optimizer) and _runs_on(optimizer, module) and _agrees_with(trainer)):
        return optimizer
    names = inspect.signature(type(optimizer)).parameters
    options = {name: value for name, value in optimizer.defaults.items() if name in names}
    groups = [{**group, "fused": True} for group in optimizer.param_groups]
    return type(optimizer)(groups, **{**options, "fused": True})


def _may(optimizer: Optimizer) -> bool:
    """Whether the class has fused kernels, and nobody chose an implementation."""
    if not type(optimizer).__module__.startswith("torch.optim."):
        return False
    if "fused" not in optimizer.defaults:
        return False
    return all(
        group.get("fused") is None
        and group.get("foreach") is None
        and not group.get("differentiable")
        for group in optimizer.param_groups
    )


def _runs_on(optimizer: Optimizer, module: nn.Module) -> bool:
    """Whether every parameter has a fused kernel, and no gradient will be sparse."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    # Of torch's own list, the two that this project tests; Adagrad has no kernel for CUDA.
    devices = {"cpu"} if isinstance(optimizer, torch.optim.Adagrad) else {"cpu", "cuda"}
    return all(p.device.type in devices and p.is_floating_point() for p in parameters) and not any(
        getattr(part, "sparse", False) for part in module.modules()
    )


def _agrees_with(trainer: pl.Trainer) -> bool:
    """Lightning refuses clipping with a fused optimizer under mixed precision.

    Under ``16-mixed`` a fused step unscales the gradients itself, so what accumulation does to
    them before the step would be done to scaled ones.
    """
    precision = str(trainer.precision)
    if not precision.endswith("-mixed"):
        return True
    if trainer.gradient_clip_val:
        return False
    return not (precision == "16-mixed" and _accumulates(trainer))


def _accumulates(trainer: pl.Trainer) -> bool:
    """Whether gradients accumulate, now or in a later epoch."""
    callbacks: list[pl.Callback] = trainer.callbacks  # type: ignore[attr-defined]
    return trainer.accumulate_grad_batches > 1 or any(
        isinstance(callback, GradientAccumulationScheduler)
        and callback.going_to_accumulate_grad_batches()
        for callback in callbacks
    )
