"""Call the module's step, within the precision's context."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.plugins import MixedPrecision
from pytorch_lightning.strategies import Strategy
from pytorch_lightning.trainer import call

from lightning_kit.loops.spans import Part, strategy_span
from lightning_kit.loops.stock import is_known, is_stock, is_untouched

CONTEXTS = {
    "training_step": "train_step_context",
    "validation_step": "val_step_context",
    "test_step": "test_step_context",
}


def module_step_of(trainer: pl.Trainer, name: str) -> Part:
    """Return what calls the module's step ``name`` with its arguments."""
    module, strategy = trainer.lightning_module, trainer.strategy
    precision = trainer.precision_plugin

    def stock(*args: Any) -> Any:
        return call._call_strategy_hook(trainer, name, *args)

    def followed(step: Part) -> Part:
        """Call what a strategy has of its own behind a training step; Lightning's is empty."""
        if name != "training_step" or is_stock(strategy, Strategy, "post_training_step"):
            return step

        def both(*args: Any) -> Any:
            output = step(*args)
            strategy.post_training_step()
            return output

        return both

    known = (
        is_known(trainer)
        and is_untouched(strategy, name)
        and is_untouched(precision, CONTEXTS[name], "forward_context", "autocast_context_manager")
    )
    if not known:
        return followed(stock)
    autocast = None
    if isinstance(precision, MixedPrecision):
        autocast = precision.autocast_context_manager
    fx = vars(module)
    # DDP's wrapper and a compiled module lead the call on by themselves.
    wrapper: Any = strategy.model

    def led(*args: Any) -> Any:
        return strategy._forward_redirection(wrapper, module, name, *args)

    def direct(*args: Any) -> Any:
        hook = fx["_current_fx_name"]
        fx["_current_fx_name"] = name
        step = getattr(module, name) if wrapper is module else led
        if autocast is None:
            output = step(*args)
        else:
            with autocast():
                output = step(*args)
        fx["_current_fx_name"] = hook
        return output

    return followed(strategy_span(trainer, name, direct))
