"""What freezing and unfreezing share."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any
from weakref import WeakKeyDictionary

import pytorch_lightning as pl
from torch import nn

# What was frozen since training began, which is when DDP took down what has a gradient.
_frozen: WeakKeyDictionary[nn.Module, set[str]] = WeakKeyDictionary()


class ParameterAction(ABC):
    """Switch gradients of the parameters that names or patterns pick.

    Args:
        names: Names or patterns of submodules or parameters, one or a list.

    Raises:
        ValueError: If there is no name.
    """

    effect_key = "requires_grad"

    def __init__(self, names: str | Sequence[str]) -> None:
        listed = [names] if isinstance(names, str) else names
        self.names = list(listed) if isinstance(listed, Sequence) else []
        if not self.names or not all(name and isinstance(name, str) for name in self.names):
            raise ValueError(f"names must be names or patterns of submodules, got {names!r}")
        self._has_acted = False

    @abstractmethod
    def check(self, trainer: pl.Trainer, found: dict[str, nn.Parameter], frozen: set[str]) -> None:
        """Raise ValueError where ``found`` cannot be switched; ``frozen`` was trained before."""

    @abstractmethod
    def switch(self, parameter: nn.Parameter) -> None:
        """Switch one."""

    def __call__(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        found = dict(_picked(pl_module, self.names))
        frozen = _frozen.setdefault(pl_module, set())
        self.check(trainer, found, frozen)
        for name, parameter in found.items():
            was_trained = parameter.requires_grad
            self.switch(parameter)
            if was_trained and not parameter.requires_grad:
                frozen.add(name)
        self._has_acted = True

    def find_target(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        dict(_picked(pl_module, self.names))

    def effect(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> dict[str, bool] | None:
        if not self._has_acted:
            return None
        return {name: parameter.requires_grad for name, parameter in pl_module.named_parameters()}

    def restore(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, effect: dict[str, Any]
    ) -> None:
        frozen = _frozen.setdefault(pl_module, set())
        for name, parameter in pl_module.named_parameters():
            if parameter.requires_grad and not effect.get(name, True):
                frozen.add(name)
            parameter.requires_grad_(effect.get(name, parameter.requires_grad))
        self._has_acted = True


def _picked(module: nn.Module, names: Sequence[str]) -> Iterator[tuple[str, nn.Parameter]]:
    everything = dict(module.named_parameters())
    owners = [name for name, owner in module.named_modules() if name and [*owner.parameters()]]
    picked: set[str] = set()
    for pattern in names:
        found = {name for name in everything if fnmatchcase(name, pattern)}
        for owner in owners:
            if fnmatchcase(owner, pattern):
                found |= {name for name in everything if name.startswith(f"{owner}.")}
        if not found:
            raise ValueError(
                f"names must match submodules that have parameters, {pattern!r} matches none; "
                f"there are {', '.join(owners) or 'none'}"
            )
        picked |= found
    yield from ((name, everything[name]) for name in everything if name in picked)
