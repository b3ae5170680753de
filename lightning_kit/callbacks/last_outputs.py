"""What the last training batch returned, for functions that score it."""

from collections.abc import Callable, Mapping
from typing import Any, final
from weakref import WeakKeyDictionary

import pytorch_lightning as pl

from lightning_kit.callbacks.step_loss import step_loss

ScoreFunction = Callable[[pl.Trainer, pl.LightningModule], float]


@final
class NoOutputs(RuntimeError):
    """No training batch of this process is over that a callback noted the outputs of."""


_of: WeakKeyDictionary[pl.Trainer, Any] = WeakKeyDictionary()


def last_outputs(trainer: pl.Trainer) -> Any:
    """Return what the last ``training_step`` returned, detached, as Ignite's ``state.output``.

    A bare loss is ``{"loss": loss}``, as Lightning has it; under gradient accumulation it is the
    whole loss, not its share. A batch that returned nothing, such as one that was skipped, leaves
    what the one before returned. Noted where a callback was given a ``score_function``, or hears
    events.

    Raises:
        NoOutputs: If no batch is over yet, or no callback notes them; a RuntimeError.

    Example:
        ``score_function: mine.score``, with
        ``def score(trainer, pl_module): return -float(last_outputs(trainer)["loss"])``
    """
    if trainer not in _of:
        raise NoOutputs(
            "no training batch was noted for last_outputs(trainer): call it from a callback's "
            "score_function, once a batch is over"
        )
    return _of[trainer]


def note_outputs(trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any) -> None:
    """Keep ``outputs`` of ``on_train_batch_end`` until the next batch that has some."""
    is_empty = outputs is None or (isinstance(outputs, Mapping) and not outputs)
    if is_empty and trainer in _of:
        return
    if isinstance(outputs, Mapping) and outputs.get("loss") is not None:
        outputs = {**outputs, "loss": step_loss(trainer, pl_module, outputs)}
    _of[trainer] = outputs
