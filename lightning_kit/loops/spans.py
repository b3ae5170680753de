"""The profiler's entries, of which only those are opened that it asks for."""

from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl

Part = Callable[..., Any]


def spans_of(trainer: pl.Trainer) -> frozenset[str]:
    """Return the names, Lightning's, of the entries that the profiler asks for."""
    return frozenset(getattr(vars(trainer)["profiler"], "spans", ()))


def spanned(trainer: pl.Trainer, name: str, part: Part) -> Part:
    """Return ``part`` within the entry ``name``, if that is asked for."""
    profiler = vars(trainer)["profiler"]
    if name not in spans_of(trainer):
        return part

    def within(*args: Any) -> Any:
        with profiler.profile(name):
            return part(*args)

    return within


def strategy_span(trainer: pl.Trainer, hook: str, part: Part) -> Part:
    """Return ``part`` within the entry of a strategy's hook, if that is asked for."""
    return spanned(trainer, f"[Strategy]{type(trainer.strategy).__name__}.{hook}", part)


def module_span(trainer: pl.Trainer, hook: str, part: Part) -> Part:
    """Return ``part`` within the entry of a module's hook, if that is asked for."""
    return spanned(trainer, module_span_name(trainer, hook), part)


def module_span_name(trainer: pl.Trainer, hook: str) -> str:
    """Return the name of a module's hook among the profiler's entries."""
    return f"[LightningModule]{type(trainer.lightning_module).__name__}.{hook}"
