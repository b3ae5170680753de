"""Set an attribute now."""

from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.callbacks.nested_value import nested, replace

PLAIN = (bool, int, float, str)


@final
class SetAttribute:
    """Give an attribute another value, which it keeps over a resume if it is plain.

    Args:
        target: ``model.<attribute>...`` from the LightningModule on, or
            ``datamodule.<attribute>...``; keys and indices count as attributes. It must exist. A
            number fills a tensor in place, and stays whole in an ``int`` where it is.
        value: The value.

    Raises:
        ValueError: If the target has another form; when the fit of an ``OnEvent`` or
            ``EventHandlers`` starts, if it is not there; when it acts, if it cannot be set.

    Example:
        >>> less = SetAttribute("model.dropout.p", 0.1)
    """

    def __init__(self, target: str, value: Any) -> None:
        self.root, *self.names = target.split(".") if isinstance(target, str) else [""]
        if self.root not in ("model", "datamodule") or not self.names or not all(self.names):
            raise ValueError(
                f"target must be 'model.<attribute>' or 'datamodule.<attribute>', got {target!r}"
            )
        self.target = target
        self.value = value
        self._has_acted = False

    def __call__(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._set(trainer, pl_module, self.value)

    def find_target(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        nested(self._root(trainer, pl_module), self.names, self.target)

    @property
    def effect_key(self) -> str:
        return f"set {self.target}"

    def effect(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> dict[str, Any] | None:
        if not self._has_acted:
            return None
        value = nested(self._root(trainer, pl_module), self.names, self.target)
        return {"value": value} if value is None or isinstance(value, PLAIN) else None

    def restore(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, effect: dict[str, Any]
    ) -> None:
        self._set(trainer, pl_module, effect["value"])

    def _root(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> Any:
        root = pl_module if self.root == "model" else getattr(trainer, "datamodule", None)
        if root is None:
            raise ValueError(f"target {self.target!r} needs a datamodule, the fit has none")
        return root

    def _set(self, trainer: pl.Trainer, pl_module: pl.LightningModule, value: Any) -> None:
        replace(self._root(trainer, pl_module), self.names, value, self.target)
        self._has_acted = True
