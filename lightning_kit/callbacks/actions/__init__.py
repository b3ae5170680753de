"""What an event can do: actions for ``OnEvent`` and ``EventHandlers``."""

from lightning_kit.callbacks.actions.stop_training import StopTraining
from lightning_kit.callbacks.end_epoch import EndEpoch

__all__ = ["EndEpoch", "StopTraining"]
