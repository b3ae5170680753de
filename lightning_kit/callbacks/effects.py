"""What an action leaves behind that a checkpoint does not hold otherwise."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

import pytorch_lightning as pl


@runtime_checkable
class Effect(Protocol):
    """An action whose doing a resumed run needs, such as which parameters are frozen."""

    @property
    def effect_key(self) -> str:
        """A name that equal actions share."""

    def effect(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> Any:
        """Return the effect in plain values, None where there is none."""

    def restore(self, trainer: pl.Trainer, pl_module: pl.LightningModule, effect: Any) -> None:
        """Bring it about again."""


def capture(
    actions: Iterable[object], trainer: pl.Trainer, pl_module: pl.LightningModule
) -> dict[str, Any]:
    """Return the effects of those ``actions`` that have one."""
    found: dict[str, Any] = {}
    for action in actions:
        effect = action.effect(trainer, pl_module) if isinstance(action, Effect) else None
        if isinstance(action, Effect) and effect is not None:
            found[action.effect_key] = effect
    return found


def restore(
    effects: Mapping[str, Any],
    actions: Iterable[object],
    trainer: pl.Trainer,
    pl_module: pl.LightningModule,
) -> None:
    """Bring about again what ``effects`` holds of ``actions``."""
    for action in actions:
        if isinstance(action, Effect) and action.effect_key in effects:
            action.restore(trainer, pl_module, effects[action.effect_key])
