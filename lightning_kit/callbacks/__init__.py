"""Listen to the Trainer: when to ask a meter, and what to do with the answer."""

from lightning_kit.callbacks.early_stopping import EarlyStopping
from lightning_kit.callbacks.ema import EMA
from lightning_kit.callbacks.end_epoch import EndEpoch, end_epoch
from lightning_kit.callbacks.epoch_outputs import EpochOutputs
from lightning_kit.callbacks.event_handlers import EventHandlers
from lightning_kit.callbacks.events import Events
from lightning_kit.callbacks.exact_accumulation import ExactAccumulation
from lightning_kit.callbacks.exception_policy import ExceptionPolicy
from lightning_kit.callbacks.exception_rule import Rule
from lightning_kit.callbacks.export_on_fit_end import ExportOnFitEnd
from lightning_kit.callbacks.fire import fire
from lightning_kit.callbacks.handlers_timer import HandlersTimer
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.last_outputs import last_outputs
from lightning_kit.callbacks.learning_rate_finder import LearningRateFinder
from lightning_kit.callbacks.model_checkpoint import ModelCheckpoint
from lightning_kit.callbacks.on_event import OnEvent
from lightning_kit.callbacks.param_scheduler import ParamScheduler
from lightning_kit.callbacks.running_averages import RunningAverages
from lightning_kit.callbacks.terminate_on_non_finite import TerminateOnNonFinite
from lightning_kit.callbacks.time_breakdown import TimeBreakdown

__all__ = [
    "EMA",
    "EarlyStopping",
    "EndEpoch",
    "EpochOutputs",
    "EventHandlers",
    "Events",
    "ExactAccumulation",
    "ExceptionPolicy",
    "ExportOnFitEnd",
    "HandlersTimer",
    "LearningRateFinder",
    "ModelCheckpoint",
    "OnEvent",
    "ParamScheduler",
    "Rule",
    "RunningAverages",
    "TerminateOnNonFinite",
    "TimeBreakdown",
    "end_epoch",
    "fire",
    "iteration",
    "last_outputs",
]
