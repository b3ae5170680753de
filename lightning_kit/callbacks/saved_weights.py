"""Have a say in which weights a weights-only checkpoint holds."""

from collections.abc import Callable
from typing import Any, final

import pytorch_lightning as pl

HOOK = "on_save_checkpoint"


@final
class SavedWeights:
    """Borrow a module's ``on_save_checkpoint`` to replace what is saved before the module sees it.

    Lightning asks no callback about a weights-only checkpoint
    (trainer/connectors/checkpoint_connector.py, ``dump_checkpoint``), but it asks the module.

    Args:
        replace: Changes a checkpoint in place.
    """

    def __init__(self, replace: Callable[[dict[str, Any]], None]) -> None:
        self._replace = replace
        self._module: pl.LightningModule | None = None
        self._original: Any = None
        self._ours: Any = None
        self._is_last = False

    def borrow(self, pl_module: pl.LightningModule) -> None:
        """Listen from now on."""
        self.give_back()
        original = getattr(pl_module, HOOK)

        def on_save_checkpoint(checkpoint: dict[str, Any]) -> None:
            # Of a whole checkpoint callbacks were asked before.
            if "callbacks" not in checkpoint and self._module is not None:
                self._replace(checkpoint)
            original(checkpoint)
            if self._is_last:
                self.give_back()

        self._module, self._original = pl_module, vars(pl_module).get(HOOK)
        self._ours, self._is_last = on_save_checkpoint, False
        setattr(pl_module, HOOK, on_save_checkpoint)

    def give_back_after_next(self) -> None:
        """Leave the module as it was found once one more checkpoint was saved."""
        self._is_last = True

    def give_back(self) -> None:
        """Leave the module as it was found."""
        module, self._module = self._module, None
        ours, self._ours = self._ours, None
        original, self._original = self._original, None
        if module is None or vars(module).get(HOOK) is not ours:
            return
        if original is None:
            delattr(module, HOOK)
        else:
            setattr(module, HOOK, original)
