"""Act before Lightning asks a datamodule for the loaders of an epoch."""

import functools
from collections.abc import Callable
from typing import Any, final

import pytorch_lightning as pl

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
        self.datamodule = datamodule
        self._found = {name: vars(datamodule).get(name) for name in LOADERS}
        for name in LOADERS:
            setattr(datamodule, name, _after(action, getattr(datamodule, name)))

    def give_back(self) -> None:
        """Leave the datamodule as it was."""
        for name, found in self._found.items():
            if found is not None:
                setattr(self.datamodule, name, found)
            elif name in vars(self.datamodule):
                delattr(self.datamodule, name)


def _after(action: Callable[[], None], original: Callable[[], Any]) -> Callable[[], Any]:
    @functools.wraps(original)
    def load() -> Any:
        action()
        return original()

    return load
