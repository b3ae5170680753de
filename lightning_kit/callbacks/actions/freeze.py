"""Let parts of a module learn no more."""

from typing import final

import pytorch_lightning as pl
from pytorch_lightning.strategies import DDPStrategy
from torch import nn

from lightning_kit.callbacks.actions.parameter_action import ParameterAction


@final
class Freeze(ParameterAction):
    """Take gradients from the parameters of submodules: they stay as they are.

    They stay so over a resume. Gradients that wait for a step are dropped, so that the step does
    not move them. Buffers, such as BatchNorm's running statistics, follow the training mode,
    not this.

    DDP counts on a gradient from each parameter that had one when training began: it needs
    ``strategy: ddp_find_unused_parameters_true``, and without it this is refused.

    Args:
        names: Names or patterns (``encoder``, ``encoder.*``, ``*.bias``) of submodules or
            parameters of the LightningModule, one or a list. A submodule stands for all in it.

    Raises:
        ValueError: If there is no name; when the fit of an ``OnEvent`` or ``EventHandlers`` starts,
            if one matches nothing; when it acts, if DDP would wait.
    """

    def check(self, trainer: pl.Trainer, found: dict[str, nn.Parameter], frozen: set[str]) -> None:
        finds_unused = getattr(trainer.strategy.model, "find_unused_parameters", True)
        if isinstance(trainer.strategy, DDPStrategy) and not finds_unused:
            raise ValueError(
                f"names {self.names} cannot be frozen while DDP waits for their gradients: "
                "set strategy to 'ddp_find_unused_parameters_true'"
            )

    def switch(self, parameter: nn.Parameter) -> None:
        parameter.requires_grad_(False)
        parameter.grad = None
