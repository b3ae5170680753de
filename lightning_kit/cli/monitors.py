"""Say at the first chance that nothing logs what a callback or a schedule watches."""

from collections.abc import Iterator
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.callbacks import OnEvent
from lightning_kit.callbacks.actions import Validate
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.messages import never_logged
from lightning_kit.compat import callbacks_of, refuse_twin
from lightning_kit.meters import EventFilter

# ModelCheckpoint adds these to what was logged.
BUILT_IN = ("epoch", "step")


@final
class MonitorCheck(pl.Callback):
    """End a fit when its second epoch would begin if a monitored key was never logged.

    Lightning only warns where a ModelCheckpoint's key is misspelt, and then saves nothing.
    """

    def __init__(self) -> None:
        self._validated = False
        self._first_epoch = 0

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._validated |= not trainer.sanity_checking

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # The epoch before is over only now: a module may log in the last hook of it.
        if trainer.current_epoch > self._first_epoch and self._could_be_logged(trainer):
            self._check(trainer)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._first_epoch = trainer.current_epoch

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step > 0:
            self._check(trainer, ended=True)

    def _could_be_logged(self, trainer: pl.Trainer) -> bool:
        return self._validated or sum(trainer.num_val_batches) == 0

    def _check(self, trainer: pl.Trainer, *, ended: bool = False) -> None:
        for error in missing(trainer, ended=ended):
            raise error


def missing(trainer: pl.Trainer, *, ended: bool = False) -> Iterator[InputError]:
    """Yield an error for each monitored key that was not logged so far.

    Until training has ``ended``, a validation on other loaders may still log what the usual one
    logs, below its prefix.

    Of schedules only ReduceLROnPlateau reads its key; Lightning takes one beside any other, where
    a misspelt key is found as well, unless there is no validation to log it.
    """
    logged = sorted(trainer.callback_metrics)
    later = [validate for _, validate in _apart(trainer)]
    for monitor in dict.fromkeys(_monitored(trainer)):
        if monitor in logged or monitor in BUILT_IN:
            continue
        if ended or not any(f"{apart.prefix}/{k}" == monitor for apart in later for k in logged):
            yield never_logged(monitor, logged)


def validate_apart_at_once(trainer: pl.Trainer) -> None:
    """Let each validation on other loaders run at the first chance, for a fit of one batch."""
    for callback, _ in _apart(trainer):
        callback.filter = EventFilter()


def _apart(trainer: pl.Trainer) -> Iterator[tuple[OnEvent, Validate]]:
    """Yield each validation on other loaders, with the callback that runs it."""
    for callback in callbacks_of(trainer):
        if isinstance(callback, OnEvent):
            for action in callback.actions():
                if isinstance(action, Validate) and action.prefix is not None:
                    yield callback, action


def _monitored(trainer: pl.Trainer) -> Iterator[str]:
    for part in (*callbacks_of(trainer), *trainer.lr_scheduler_configs):
        monitor: Any = getattr(part, "monitor", None)
        # `strict=False` says that the key may be absent.
        if not getattr(part, "strict", True):
            continue
        is_read = getattr(part, "reduce_on_plateau", True)
        if is_read or sum(trainer.num_val_batches) > 0:
            yield from [monitor] if isinstance(monitor, str) else _several(monitor)


def _several(monitor: Any) -> list[str]:
    return [key for key in monitor if isinstance(key, str)] if isinstance(monitor, list) else []
