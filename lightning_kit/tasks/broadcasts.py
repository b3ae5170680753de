"""Buffers that DDP need not broadcast from rank 0 before every forward pass."""

from torch import nn

from lightning_kit.models.answers import ClassAnswer, RegressionAnswer
from lightning_kit.tasks.class_loss import ClassLoss

# Their buffers are set before training, alike on all ranks, and never change in it.
CONSTANT = (ClassAnswer, RegressionAnswer, ClassLoss)


def spare_broadcasts(task: nn.Module) -> None:
    """Let torch's DDP leave out the constants of ``task``, beside what it leaves out already.

    Any buffer at all costs a collective a step. torch reads the names from the wrapped module:
    https://github.com/pytorch/pytorch/blob/v2.13.0/torch/nn/parallel/distributed.py
    """
    ignored: list[str] = list(getattr(task, "_ddp_params_and_buffers_to_ignore", ()))
    for part, child in task.named_children():
        if type(child) in CONSTANT:
            ignored += [f"{part}.{name}" for name, _ in child.named_buffers()]
    task._ddp_params_and_buffers_to_ignore = list(dict.fromkeys(ignored))  # type: ignore[assignment]
