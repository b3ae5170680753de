"""Stop the fit."""

from typing import final

import pytorch_lightning as pl

from lightning_kit.callbacks.events import Events
from lightning_kit.runs.stopping import stop


@final
class StopTraining:
    """End the fit after the present iteration, with a validation and the epoch's end.

    Lightning goes on until ``min_epochs`` and ``min_steps`` are met.

    Args:
        reason: What ``run.json`` says about it.

    Raises:
        ValueError: If the reason is empty.
    """

    idle_events = frozenset({Events.TERMINATE, Events.COMPLETED, Events.EXCEPTION_RAISED})

    def __init__(self, reason: str = "an event asked to stop") -> None:
        if not reason:
            raise ValueError(f"reason must say why training stops, got {reason!r}")
        self.reason = reason

    def __call__(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        stop(trainer, self.reason)
