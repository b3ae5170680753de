"""Run a validation within a hook of training."""

import logging
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.trainer.states import RunningStage, TrainerFn

from lightning_kit.compat.detours import detour
from lightning_kit.compat.scores import note_scores_apart, scores_apart
from lightning_kit.compat.trainers import callbacks_of

log = logging.getLogger(__name__)


def validate_now(trainer: pl.Trainer, dataloaders: Any = None) -> None:
    """Run a validation within a hook of training, on other ``dataloaders`` if they are given.

    Lightning does the same between two batches (``_TrainingEpochLoop.on_advance_end``), but for
    the gradients, which it clears and which are still needed here.
    """
    epoch_loop: Any = trainer.fit_loop.epoch_loop
    connector: Any = getattr(trainer, "_logger_connector", None)
    state = ("_first_loop_iter", "_current_fx")
    if not all(hasattr(connector, name) for name in state) or not hasattr(epoch_loop, "val_loop"):
        log.warning("no validation now: this Lightning keeps its state elsewhere")
        return
    if dataloaders is None:
        # Lightning's own comes when the batch's scores are there; a look fetches them.
        _ = trainer.callback_metrics
    kept = [getattr(connector, name) for name in state]
    loop = epoch_loop.val_loop
    if dataloaders is not None:
        epoch_loop.val_loop = _loop_over(trainer, dataloaders)
    trainer.validating = True
    try:
        epoch_loop.val_loop.run()
    finally:
        epoch_loop.val_loop = loop
        trainer.training = True
        for name, value in zip(state, kept, strict=True):
            setattr(connector, name, value)


def validate_apart(trainer: pl.Trainer, dataloaders: Any, prefix: str) -> None:
    """Run a validation on other ``dataloaders``, whose scores nothing takes for the usual ones.

    What is logged in it goes by ``<prefix>/<key>``, what was logged before stays, and callbacks
    that monitor a key, stop or save do not hear of it.
    """
    connector: Any = getattr(trainer, "_logger_connector", None)
    names = ("_callback_metrics", "_logged_metrics", "_progress_bar_metrics")
    if not all(isinstance(getattr(connector, name, None), dict) for name in names):
        log.warning("no validation on other loaders: this Lightning keeps scores elsewhere")
        return

    def named(metrics: dict[str, Any]) -> dict[str, Any]:
        # Lightning logs at the step that is logged as `step`.
        own = f"{prefix}/"
        return {k if k == "step" or k.startswith(own) else own + k: v for k, v in metrics.items()}

    def around(log_metrics: Callable[..., Any]) -> Callable[..., Any]:
        return lambda metrics, *args, **kwargs: log_metrics(named(metrics), *args, **kwargs)

    undo = [detour(connector, "log_metrics", around)]
    for callback in callbacks_of(trainer):
        if _monitors(callback):
            hooks = [hook for hook in dir(callback) if hook.startswith("on_validation_")]
            undo += [detour(callback, hook, lambda _: _do_nothing) for hook in hooks]
    # What training has logged since the last look is not of this validation.
    looks = ("callback_metrics", "logged_metrics", "progress_bar_metrics")
    kept: list[dict[str, Any]] = [getattr(trainer, look) for look in looks]
    last_time = getattr(trainer, "_last_val_time", None)
    try:
        with scores_apart(trainer):
            for name in names:
                setattr(connector, name, {})
            validate_now(trainer, dataloaders)
    finally:
        note_scores_apart(trainer, named(connector._callback_metrics))
        for name, before in zip(names, kept, strict=True):
            setattr(connector, name, {**before, **named(getattr(connector, name))})
        if last_time is not None:
            vars(trainer)["_last_val_time"] = last_time
        for end in reversed(undo):
            end()


def _monitors(callback: pl.Callback) -> bool:
    acts = isinstance(callback, pl.callbacks.EarlyStopping | pl.callbacks.Checkpoint)
    return acts or any(getattr(callback, name, None) for name in ("monitor", "monitors"))


def _do_nothing(*_: Any, **__: Any) -> None:
    """Stand in for a hook."""


def _loop_over(trainer: pl.Trainer, dataloaders: Any) -> Any:
    kind: Any = type(trainer.fit_loop.epoch_loop.val_loop)
    loop = kind(
        trainer, TrainerFn.FITTING, RunningStage.VALIDATING, verbose=False, inference_mode=False
    )
    loop._data_source.instance = dataloaders
    return loop
