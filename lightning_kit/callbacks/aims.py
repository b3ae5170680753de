"""Find that an action is aimed at nothing before a run has spent an epoch."""

from typing import Protocol, runtime_checkable

import pytorch_lightning as pl


@runtime_checkable
class Aims(Protocol):
    """An action that acts on a part of the module, which must be there when the fit starts."""

    def find_target(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Raise ValueError, naming what exists, where there is no such part."""
