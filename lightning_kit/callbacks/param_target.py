"""Where a scheduled value goes: an optimizer's parameter, or an attribute by its path."""

from collections.abc import Iterator, Sequence
from typing import Any, final

import pytorch_lightning as pl
from torch.optim import Optimizer

from lightning_kit.callbacks.nested_value import is_number, nested, replace, told
from lightning_kit.meters.arguments import check_whole

ROOTS = ("optimizer", "model", "datamodule")


@final
class ParamTarget:
    """A place that holds a number, found anew at each write.

    Args:
        path: ``optimizer.<key>`` for the only optimizer, ``optimizer.<i>.<key>`` for the one of
            index ``i``, both with ``.<j>`` behind for entry ``j`` of a tuple such as ``betas``;
            ``model.<attribute>...`` from the LightningModule on, ``datamodule.<attribute>...``.
        groups: Indices of an optimizer's parameter groups; None: all of them.

    Raises:
        ValueError: If the path has another form, or ``groups`` have.
    """

    def __init__(self, path: str, groups: Sequence[int] | None = None) -> None:
        self.path = path
        self.root, *self.names = path.split(".") if isinstance(path, str) else [""]
        self.groups = groups
        self.index: int | None = None
        if self.root not in ROOTS or not self.names or not all(self.names):
            raise ValueError(
                "target must be 'optimizer.<key>', 'optimizer.<index>.<key>', 'model.<attribute>' "
                f"or 'datamodule.<attribute>', got {path!r}"
            )
        if self.root == "optimizer":
            self._read_index()
        if groups is None:
            return
        if self.root != "optimizer":
            raise ValueError(
                f"groups are an optimizer's, got {groups} with target {path!r}: leave it out"
            )
        if not isinstance(groups, list | tuple):
            raise ValueError(f"groups must be a list of indices, got {groups!r}")
        for group in groups:
            check_whole("groups", group, at_least=0)
        if not groups or min(groups) < 0 or len(set(groups)) < len(groups):
            raise ValueError(f"groups must be different indices from 0, got {list(groups)}")

    def check(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Raise ValueError, naming what exists, where the path leads to no number."""
        for owner in self._owners(trainer, pl_module):
            found = nested(owner, self.names, self.path)
            if not is_number(found):
                raise ValueError(f"target {self.path!r} must lead to a number, got {told(found)}")

    def write(self, trainer: pl.Trainer, pl_module: pl.LightningModule, value: float) -> None:
        """Put ``value`` there."""
        for owner in self._owners(trainer, pl_module):
            replace(owner, self.names, value, self.path)

    def optimizer(self, trainer: pl.Trainer) -> Optimizer:
        """Return the optimizer that the path names; ValueError where there is none such."""
        count = len(trainer.optimizers)
        if self.index is None and count != 1:
            raise ValueError(
                f"target {self.path!r} needs one optimizer, there are {count}: write "
                f"'optimizer.<index>.{'.'.join(self.names)}'"
            )
        if (self.index or 0) >= count:
            raise ValueError(
                f"target {self.path!r} must name an optimizer below {count}, their number"
            )
        return trainer.optimizers[self.index or 0]

    def _owners(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> Iterator[Any]:
        if self.root == "model":
            yield pl_module
        elif self.root == "datamodule":
            yield getattr(trainer, "datamodule", None)
        else:
            groups = self.optimizer(trainer).param_groups
            if self.groups is not None and max(self.groups) >= len(groups):
                raise ValueError(
                    f"groups must be below {len(groups)}, the number of the optimizer's parameter "
                    f"groups, got {list(self.groups)}"
                )
            yield from (groups[i] for i in self.groups or range(len(groups)))

    def _read_index(self) -> None:
        if self.names[0].isdecimal():
            self.index = int(self.names.pop(0))
        entry = self.names[1:]
        if not self.names or len(entry) > 1 or not all(name.isdecimal() for name in entry):
            raise ValueError(
                "target must name a parameter of the optimizer's groups, such as 'optimizer.lr' "
                f"or 'optimizer.0.betas.1', got {self.path!r}"
            )
