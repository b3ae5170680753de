"""What may be asked of EMA together."""

from dataclasses import dataclass
from typing import Any, Literal

from lightning_kit.meters.arguments import check_whole, is_number
from lightning_kit.schedules import Piecewise

Buffers = Literal["average", "copy", "ignore"]
Init = Literal["copy", "blend"]
UpdateOn = Literal["step", "iteration"]
Which = Literal["ema", "raw"]
_CHOICES = {
    "buffers": ("average", "copy", "ignore"),
    "init": ("copy", "blend"),
    "update_on": ("step", "iteration"),
    "validate_with": ("ema", "raw"),
    "save": ("ema", "raw"),
    "final": ("ema", "raw"),
    "preset": ("ignite",),
}
_KIT = {
    "buffers": "average",
    "init": "copy",
    "update_on": "step",
    "validate_with": "ema",
    "save": "ema",
    "final": "ema",
}
_IGNITE = {"buffers": "copy", "init": "blend", "update_on": "iteration", "final": "raw"}


@dataclass(frozen=True)
class Momentum:
    """Weight of the model in an update, the u-th from 1; the average keeps the rest.

    Args:
        keep: Weight of the average after warm-up.
        take: Weight of the model after warm-up.
        warmup: ``take`` by update, from 0; None without warm-up.
    """

    keep: float
    take: float
    warmup: Piecewise | None = None

    def at(self, update: int) -> tuple[float, float]:
        """Return the weights of the average and of the model in the ``update``-th update."""
        if self.warmup is None:
            return self.keep, self.take
        take = self.warmup(update - 1)
        return 1 - take, take


def resolve(given: dict[str, Any]) -> dict[str, Any]:
    """Return each choice as given, else as the preset has it, else as Lightning has it.

    Raises:
        ValueError: If one is unknown or contradicts another.
    """
    for name, allowed in _CHOICES.items():
        if given[name] is not None and given[name] not in allowed:
            raise ValueError(f"{name} must be one of {allowed}, got {given[name]!r}")
    if given["use_buffers"] is not None:
        if given["buffers"] is not None:
            raise ValueError(
                f"use_buffers={given['use_buffers']} and buffers={given['buffers']!r} say the same "
                "thing twice: leave use_buffers out"
            )
        given["buffers"] = "average" if given["use_buffers"] else "copy"
    defaults = {**_KIT, **(_IGNITE if given["preset"] == "ignite" else {})}
    return {
        name: default if given[name] is None else given[name] for name, default in defaults.items()
    }


def momentum_of(
    decay: float | None,
    momentum: float | None,
    momentum_warmup: float | None,
    warmup_iters: int | None,
    *,
    ignite: bool,
) -> Momentum:
    """Return how much an update takes; ValueError if an argument is out of range."""
    if decay is not None and momentum is not None:
        raise ValueError(
            f"decay={decay} and momentum={momentum} exclude each other (momentum is 1 - decay): "
            "leave one out"
        )
    if decay is None and momentum is None and ignite:
        momentum = 2e-4
    if momentum is None:
        decay = 0.999 if decay is None else decay
        if not is_number(decay) or not 0 <= decay < 1:
            raise ValueError(f"decay must be at least 0 and below 1, got {decay!r}")
        keep, take = decay, 1 - decay
    else:
        if not is_number(momentum) or not 0 < momentum <= 1:
            raise ValueError(f"momentum must be above 0 and at most 1, got {momentum!r}")
        keep, take = 1 - momentum, momentum
    if momentum_warmup is None and warmup_iters is None:
        return Momentum(keep, take)
    if momentum_warmup is None or warmup_iters is None:
        raise ValueError(
            f"momentum_warmup={momentum_warmup} and warmup_iters={warmup_iters} need each other: "
            "give both"
        )
    if not is_number(momentum_warmup) or not 0 < momentum_warmup <= 1:
        raise ValueError(f"momentum_warmup must be above 0 and at most 1, got {momentum_warmup!r}")
    check_whole("warmup_iters", warmup_iters, at_least=1, unit="update")
    return Momentum(keep, take, Piecewise([(0, momentum_warmup), (max(1, warmup_iters - 1), take)]))
