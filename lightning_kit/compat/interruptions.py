"""What a step that broke off leaves behind."""

import logging
from collections.abc import Callable

import pytorch_lightning as pl

log = logging.getLogger(__name__)


def forget_unscaled(trainer: pl.Trainer) -> None:
    """Let a gradient scaler start over after a step that broke off between unscale and update."""
    scaler = getattr(trainer.precision_plugin, "scaler", None)
    states = getattr(scaler, "_per_optimizer_states", None)
    if scaler is not None and not hasattr(states, "clear"):
        log.warning("the scaler of this torch keeps no state that can be cleared")
    elif states is not None:
        states.clear()


def remember_hook(pl_module: pl.LightningModule) -> Callable[[], None]:
    """Return what makes the hook that runs now the module's current one again.

    Lightning leaves the name of a hook that raised, and ``log`` goes by it.
    """
    hook = getattr(pl_module, "_current_fx_name", None)

    def back() -> None:
        pl_module._current_fx_name = hook

    return back
