"""Run a loss's backward pass, with the hooks around it."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.trainer import call
from torch import Tensor

from lightning_kit.loops.hooks import Hook
from lightning_kit.loops.spans import Part, strategy_span
from lightning_kit.loops.stock import is_known, is_stock, is_untouched, scales


def backward_of(trainer: pl.Trainer) -> Part:
    """Return what takes a loss and its optimizer."""
    bare = bare_backward_of(trainer)
    fx = vars(trainer.lightning_module)

    def stock(loss: Tensor, optimizer: Any) -> None:
        call._call_strategy_hook(trainer, "backward", loss, optimizer)

    if bare is None:
        return stock

    def direct(loss: Tensor, _: Any) -> None:
        hook = fx["_current_fx_name"]
        fx["_current_fx_name"] = "backward"
        bare(loss)
        fx["_current_fx_name"] = hook

    return strategy_span(trainer, "backward", direct)


def bare_backward_of(trainer: pl.Trainer) -> Part | None:
    """Return what a module calls by itself, None where strategy or precision have a part in it."""
    module, strategy = trainer.lightning_module, trainer.strategy
    precision = trainer.precision_plugin
    known = (
        is_known(trainer)
        and not scales(trainer)
        and is_untouched(strategy, "backward", "pre_backward", "post_backward")
        and is_untouched(precision, "backward", "pre_backward", "post_backward")
    )
    if not known:
        return None
    before, after = Hook(trainer, "on_before_backward"), Hook(trainer, "on_after_backward")
    is_plain = is_stock(module, pl.LightningModule, "backward")

    def direct(loss: Tensor) -> None:
        before(loss)
        if is_plain:
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            module.backward(loss)
        after()

    return direct
