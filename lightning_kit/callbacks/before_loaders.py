"""Act before Lightning asks a datamodule for the loaders of an epoch."""

import functools
from collections.abc import Callable
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.compat import detour

LOADERS = ("train_dataloader", "val_dataloader")


@final
class BeforeLoaders:
    """Call ``action`` before each ``train_dataloader`` and ``val_dataloader`` of a datamodule.

    Lightning asks for an epoch's loaders before any hook of that epoch, and of the first even
    before ``on_fit_start`` where ``configure_optimizers`` reads ``estimated_stepping_batches``.

    Args:
        datamodule: Its two methods are borrowed until :meth:`give_back`.
        action: What to do; whatever epoch ``trainer.current_epoch`` names gets these loaders.
    """

    def __init__(self, datamodule: pl.LightningDataModule, action: Callable[[], None]) -> None:
        around = functools.partial(_after, action)
        self._undo = [detour(datamodule, name, around) for name in LOADERS]

    def give_back(self) -> None:
        """Leave the datamodule as it was."""
        for undo in self._undo:
            undo()


def _after(action: Callable[[], None], original: Callable[[], Any]) -> Callable[[], Any]:
    def load() -> Any:
        action()
        return original()

    return load
