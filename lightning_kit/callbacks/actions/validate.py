"""Validate now."""

from collections.abc import Callable
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.compat import validate_now
from lightning_kit.meters.functions import check_function


@final
class Validate:
    """Run a validation within training, with all its hooks, beside those of the interval settings.

    Callbacks that look at validations, such as early stopping, take it as one of theirs.
    Gradients that wait for a step stay.

    Args:
        dataloaders: Returns one or several other loaders; None: the validation loaders. The module
            logs the same keys for them, which then hold what was found last.

    Raises:
        ValueError: If ``dataloaders`` is no function without arguments.
        RuntimeError: Where a validation is running already, there is none, or outside of a fit.
    """

    def __init__(self, dataloaders: Callable[[], Any] | None = None) -> None:
        if dataloaders is not None:
            check_function("dataloaders", dataloaders)
        self.dataloaders = dataloaders

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
        validate_now(trainer, None if self.dataloaders is None else self.dataloaders())
