"""Let an optimizer step, and zero its gradients."""

from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.trainer import call

from lightning_kit.loops.hooks import Hook
from lightning_kit.loops.spans import Part, module_span, module_span_name, spans_of
from lightning_kit.loops.stock import is_known, is_stock, is_untouched, scales


def optimizer_step_of(trainer: pl.Trainer) -> Part:
    """Return what takes Lightning's optimizer, the batch's index and a closure.

    The closure runs within the optimizer's own ``step``, as in Lightning, for an optimizer may
    call it more than once; then the hook before the step and clipping.
    """
    module, precision = trainer.lightning_module, trainer.precision_plugin

    def stock(optimizer: Any, batch_idx: int, closure: Callable[[], Any]) -> None:
        call._call_lightning_module_hook(
            trainer, "optimizer_step", trainer.current_epoch, batch_idx, optimizer, closure
        )

    if not (is_stock(module, pl.LightningModule, "optimizer_step") and steps_alone(trainer)):
        return stock
    before = Hook(trainer, "on_before_optimizer_step")
    names = ("configure_gradient_clipping", "clip_gradients")
    own_clipping = not is_stock(module, pl.LightningModule, *names)
    own_clipping |= not is_untouched(precision, "_clip_gradients", "clip_gradients")
    own_clipping |= module_span_name(trainer, "configure_gradient_clipping") in spans_of(trainer)
    fx = vars(module)

    def direct(optimizer: Any, _: int, closure: Callable[[], Any]) -> None:
        inner = optimizer._optimizer

        def closed() -> Any:
            output = closure()
            before(inner)
            if own_clipping or trainer.gradient_clip_val is not None:
                precision._clip_gradients(
                    module,
                    inner,
                    trainer.gradient_clip_val,
                    gradient_clip_algorithm=trainer.gradient_clip_algorithm,
                )
            return output

        hook = fx["_current_fx_name"]
        fx["_current_fx_name"] = "optimizer_step"
        inner.step(closure=closed)
        fx["_current_fx_name"] = hook

    return module_span(trainer, "optimizer_step", direct)


def steps_alone(trainer: pl.Trainer) -> bool:
    """Say whether strategy and precision only hand an optimizer's step on."""
    strategy = trainer.strategy
    return (
        is_known(trainer)
        and not scales(trainer)
        and getattr(strategy, "_model_averager", None) is None
        and is_untouched(strategy, "optimizer_step")
        and is_untouched(
            trainer.precision_plugin, "optimizer_step", "_wrap_closure", "_after_closure"
        )
        and all(
            is_untouched(each, "step") and type(each).step is LightningOptimizer.step
            for each in strategy._lightning_optimizers
        )
    )


def zero_grad_of(trainer: pl.Trainer) -> Part:
    """Return what takes an optimizer and the batch's index."""
    module = trainer.lightning_module

    def stock(optimizer: Any, batch_idx: int) -> None:
        call._call_lightning_module_hook(
            trainer, "optimizer_zero_grad", trainer.current_epoch, batch_idx, optimizer
        )

    if not is_stock(module, pl.LightningModule, "optimizer_zero_grad"):
        return stock

    def direct(optimizer: Any, _: int) -> None:
        optimizer.zero_grad()

    return module_span(trainer, "optimizer_zero_grad", direct)
