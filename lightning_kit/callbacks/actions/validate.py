"""Validate now."""

from collections.abc import Callable, Iterator
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.callbacks.event_listener import EventListener
from lightning_kit.callbacks.events import Events
from lightning_kit.compat import callbacks_of, validate_apart, validate_now
from lightning_kit.meters.functions import check_function


@final
class Validate:
    """Run a validation within training, with all its hooks, beside those of the interval settings.

    Callbacks that look at validations, such as early stopping, take it as one of theirs, unless it
    is on other loaders: callbacks with a ``monitor`` and those that stop or save do not hear of
    that. Gradients that wait for a step stay.

    Args:
        dataloaders: Returns one or several other loaders; None: the validation loaders.
        prefix: With ``dataloaders``: what the module logs as ``<key>`` is ``<prefix>/<key>`` for
            them, and ``<key>`` stays as it was.

    Raises:
        ValueError: If ``dataloaders`` is no function without arguments, or ``prefix`` is missing
            beside it or stands alone; where it is to act on an event of validation.
        RuntimeError: Where a validation is running already, there is none, or outside of a fit.
    """

    idle_events = frozenset({Events.VALIDATION_STARTED, Events.VALIDATION_COMPLETED})

    def __init__(
        self, dataloaders: Callable[[], Any] | None = None, prefix: str | None = None
    ) -> None:
        if dataloaders is not None:
            check_function("dataloaders", dataloaders)
            if not prefix or not isinstance(prefix, str):
                raise ValueError(
                    "prefix must name the scores of other dataloaders, which the module logs by "
                    f"the same keys as those that are monitored, got {prefix!r}"
                )
        elif prefix is not None:
            raise ValueError(f"prefix has no effect without dataloaders, got {prefix!r}")
        self.dataloaders = dataloaders
        self.prefix = prefix

    def __call__(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.training:
            raise RuntimeError(
                f"Validate needs a trainer that is training, got one in "
                f"{trainer.state.stage and trainer.state.stage.value}: "
                "choose another event"
            )
        if self.dataloaders is None and not trainer.enable_validation:
            raise RuntimeError(
                "Validate needs a validation_step and validation loaders, and limit_val_batches "
                "above 0: this fit has not all of them"
            )
        if self.dataloaders is None or self.prefix is None:
            validate_now(trainer)
        else:
            validate_apart(trainer, self.dataloaders(), self.prefix)


def awaited_prefixes(trainer: pl.Trainer) -> Iterator[str]:
    """Yield ``<prefix>/`` of each validation on other loaders that nothing was logged by yet."""
    listeners = [each for each in callbacks_of(trainer) if isinstance(each, EventListener)]
    for action in (each for listener in listeners for each in listener.actions()):
        if isinstance(action, Validate) and action.prefix is not None:
            prefix = f"{action.prefix}/"
            if not any(key.startswith(prefix) for key in trainer.callback_metrics):
                yield prefix
