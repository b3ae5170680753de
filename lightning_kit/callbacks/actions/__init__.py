"""What an event can do: actions for ``OnEvent`` and ``EventHandlers``."""

from lightning_kit.callbacks.actions.empty_cache import EmptyCache
from lightning_kit.callbacks.actions.freeze import Freeze
from lightning_kit.callbacks.actions.log_learning_rate import LogLearningRate
from lightning_kit.callbacks.actions.save_checkpoint import SaveCheckpoint
from lightning_kit.callbacks.actions.set_attribute import SetAttribute
from lightning_kit.callbacks.actions.stop_training import StopTraining
from lightning_kit.callbacks.actions.unfreeze import Unfreeze
from lightning_kit.callbacks.actions.validate import Validate
from lightning_kit.callbacks.end_epoch import EndEpoch

__all__ = [
    "EmptyCache",
    "EndEpoch",
    "Freeze",
    "LogLearningRate",
    "SaveCheckpoint",
    "SetAttribute",
    "StopTraining",
    "Unfreeze",
    "Validate",
]
