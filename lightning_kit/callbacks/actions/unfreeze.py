"""Let parts of a module learn again."""

from typing import final

import pytorch_lightning as pl
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy
from torch import nn

from lightning_kit.callbacks.actions.parameter_action import ParameterAction


@final
class Unfreeze(ParameterAction):
    """Give gradients to the parameters of submodules.

    An optimizer must hold them, so ``configure_optimizers`` has to hand it all parameters, also
    those that are frozen at first. DDP averages only the gradients of parameters that had one when
    training began: there freeze by ``Freeze`` at ``started`` what is to be unfrozen later.

    Args:
        names: Names or patterns, as for ``Freeze``.

    Raises:
        ValueError: If there is no name; when the fit of an ``OnEvent`` or ``EventHandlers`` starts,
            if one matches nothing; when it acts, if one matches a parameter that no optimizer holds
            or that DDP would not average.
    """

    def check(self, trainer: pl.Trainer, found: dict[str, nn.Parameter], frozen: set[str]) -> None:
        if not isinstance(trainer.strategy, SingleDeviceStrategy | DDPStrategy):
            return
        held = {
            id(p) for o in trainer.optimizers for group in o.param_groups for p in group["params"]
        }
        idle = [name for name, parameter in found.items() if id(parameter) not in held]
        if idle:
            raise ValueError(
                f"names {self.names} match {', '.join(idle)}, which no optimizer holds: let "
                "configure_optimizers hand over all parameters"
            )
        unknown = [n for n, p in found.items() if not p.requires_grad and n not in frozen]
        if isinstance(trainer.strategy, DDPStrategy) and unknown:
            raise ValueError(
                f"names {self.names} match {', '.join(unknown)}, which DDP would not average, for "
                "they had no gradient when training began: freeze them by Freeze at 'started'"
            )

    def switch(self, parameter: nn.Parameter) -> None:
        parameter.requires_grad_(True)
