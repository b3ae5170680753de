"""Say at the first chance that nothing logs what a callback or a schedule watches."""

from collections.abc import Iterator
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.messages import never_logged
from lightning_kit.compat import callbacks_of, refuse_twin

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
            self._check(trainer)

    def _could_be_logged(self, trainer: pl.Trainer) -> bool:
        return self._validated or sum(trainer.num_val_batches) == 0

    def _check(self, trainer: pl.Trainer) -> None:
        for error in missing(trainer):
            raise error


def missing(trainer: pl.Trainer) -> Iterator[InputError]:
    """Yield an error for each monitored key that was not logged so far.

    Of schedules only ReduceLROnPlateau reads its key; Lightning takes one beside any other, where
    a misspelt key is found as well, unless there is no validation to log it.
    """
    logged = sorted(trainer.callback_metrics)
    for monitor in dict.fromkeys(_monitored(trainer)):
        if monitor not in logged and monitor not in BUILT_IN:
            yield never_logged(monitor, logged)


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
