"""When a learning-rate schedule moves, in the form that Lightning takes."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable

Interval = Literal["epoch", "step"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A learning-rate schedule and when it moves.

    Attributes:
        build: Makes the schedule from the optimizer.
        interval: Whether it moves after epochs or after optimizer steps.
        frequency: It moves after every that many intervals, at least 1.
        monitor: Key that ``ReduceLROnPlateau`` reads, e.g. ``"val/loss"``.

    Raises:
        ValueError: If ``frequency`` is below 1, or an option is set without a schedule.
    """

    build: LRSchedulerCallable | None = None
    interval: Interval = "epoch"
    frequency: int = 1
    monitor: str | None = None

    def __post_init__(self) -> None:
        if self.interval not in ("epoch", "step"):
            raise ValueError(
                f"lr_scheduler_interval must be 'epoch' or 'step', got {self.interval!r}"
            )
        if self.frequency < 1:
            raise ValueError(f"lr_scheduler_frequency must be at least 1, got {self.frequency}")
        if self.build is not None:
            return
        for name, value, default in (
            ("interval", self.interval, "epoch"),
            ("frequency", self.frequency, 1),
            ("monitor", self.monitor, None),
        ):
            if value != default:
                raise ValueError(
                    f"lr_scheduler_{name}={value!r} has no effect without lr_scheduler: "
                    "set lr_scheduler, or leave it out"
                )

    def attach(self, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
        """Return what ``configure_optimizers`` gives Lightning.

        Raises:
            ValueError: If ``ReduceLROnPlateau`` has no key to read.
        """
        if self.build is None:
            return {"optimizer": optimizer}
        scheduler = self.build(optimizer)
        # Lightning's own ReduceLROnPlateau carries its key.
        monitor = self.monitor or getattr(scheduler, "monitor", None)
        if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau) and monitor is None:
            raise ValueError(
                "ReduceLROnPlateau needs a key to read: set lr_scheduler_monitor, e.g. 'val/loss'"
            )
        settings = {
            "scheduler": scheduler,
            "interval": self.interval,
            "frequency": self.frequency,
            "monitor": monitor,
        }
        return {"optimizer": optimizer, "lr_scheduler": settings}
