"""Let a trainer run lean."""

import logging
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loops.evaluation_loop import _EvaluationLoop
from pytorch_lightning.loops.optimization.automatic import _AutomaticOptimization
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.trainer.connectors.logger_connector.logger_connector import _LoggerConnector
from pytorch_lightning.trainer.connectors.signal_connector import _SignalConnector
from pytorch_lightning.trainer.states import TrainerStatus

from lightning_kit.loops.automatic import LeanAutomaticOptimization
from lightning_kit.loops.connector import LeanLoggerConnector
from lightning_kit.loops.evaluation import LeanEvaluationLoop
from lightning_kit.loops.fingerprints import changed
from lightning_kit.loops.results import LeanResults
from lightning_kit.loops.signals import LeanSignalConnector
from lightning_kit.loops.training_epoch import LeanTrainingEpochLoop

log = logging.getLogger(__name__)


def lean(trainer: pl.Trainer) -> pl.Trainer:
    """Let ``trainer`` call only what has an effect, and return it.

    Its runs do what they did, hook by hook and bit by bit, in less time: the hooks that nobody
    overrides are not called, a logged value is not copied, and the loggers' values are gathered
    when somebody looks at them. What is not covered runs as Lightning has it, with a line in the
    log that says why. Each run makes its plan anew, so callbacks may be added at any time.

    What is put in place of a method of the module, the datamodule, the strategy, the precision, an
    optimizer, the loops or the connector in ``on_train_batch_start`` or between batches is heard in
    the same batch; what is put there within a step, or on the profiler, from the next batch on;
    what is put on one of their classes in the middle of an epoch, from the next epoch on.

    Under DDP there is no broadcast at every step: a SIGTERM to any rank is agreed on through the
    process group's store, within about a second or a step. One that comes during a validation is
    acted on after it.

    A dictionary that ``trainer.callback_metrics`` returned is brought up to date when the trainer
    is asked for it again, not at each batch.

    Args:
        trainer: A trainer that is not running. Where it is lean already, nothing changes; where
            its loops are not those of a Lightning that is known, it is left alone.

    Raises:
        RuntimeError: If the trainer is running.
    """
    if trainer.state.status == TrainerStatus.RUNNING:
        raise RuntimeError("lean(trainer) must come before a run, and this trainer is running")
    fit: Any = trainer.fit_loop.epoch_loop
    evaluations: list[Any] = [fit.val_loop, trainer.validate_loop, trainer.test_loop]
    parts: list[tuple[Any, type, type]] = [
        (fit, _TrainingEpochLoop, LeanTrainingEpochLoop),
        (fit.automatic_optimization, _AutomaticOptimization, LeanAutomaticOptimization),
        *((loop, _EvaluationLoop, LeanEvaluationLoop) for loop in evaluations),
        (trainer._logger_connector, _LoggerConnector, LeanLoggerConnector),
        (trainer._signal_connector, _SignalConnector, LeanSignalConnector),
    ]
    if all(type(part) is lean for part, _, lean in parts):
        return trainer
    reason = changed() or next(
        (f"its {stock.__name__} is a {type(part).__name__}" for part, stock, _ in parts
         if type(part) is not stock),
        None,
    )  # fmt: skip
    if reason is not None:
        log.warning("the trainer keeps Lightning's own loops: %s", reason)
        return trainer
    signals = trainer._signal_connector
    heard = vars(signals).pop("received_sigterm")
    for part, _, kind in parts:
        part.__class__ = kind
    signals.received_sigterm = heard
    fit._results = LeanResults(training=True)
    for loop in evaluations:
        loop._results = LeanResults(training=False)
    return trainer
