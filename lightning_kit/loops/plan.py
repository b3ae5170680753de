"""What a training step of one run calls: parts and hooks, found out once."""

from collections import OrderedDict
from typing import Any, final

import pytorch_lightning as pl
import torch.distributed as dist
from pytorch_lightning.strategies import Strategy
from pytorch_lightning.trainer import call
from pytorch_lightning.utilities.signature_utils import is_param_in_hook_signature

from lightning_kit.loops.backward import backward_of
from lightning_kit.loops.hooks import Hook
from lightning_kit.loops.module_step import module_step_of
from lightning_kit.loops.optimizer_step import optimizer_step_of, zero_grad_of
from lightning_kit.loops.spans import spanned, spans_of
from lightning_kit.loops.stock import is_stock
from lightning_kit.loops.transfer import transfer_of
from lightning_kit.loops.watch import Watch


@final
class Plan:
    """The parts of a training step, for a trainer that is set up for a fit."""

    def __init__(self, trainer: pl.Trainer) -> None:
        self.trainer = trainer
        self.module = trainer.lightning_module
        # What the loop gives its module for the run is none of its business.
        self.watch: Watch
        self.renew()

    def renew(self) -> None:
        """Find out anew what a step calls."""
        trainer, module = self.trainer, self.module
        signals: Any = trainer._signal_connector
        self.spans = spans_of(trainer)
        self.agrees = signals.agree if trainer.world_size > 1 and dist.is_initialized() else None
        self.transfer = transfer_of(trainer)
        self.on_train_batch_start = Hook(trainer, "on_train_batch_start")
        self.strategy_starts = _strategy_starts(trainer)
        self.run = spanned(trainer, "run_training_batch", self._run)
        self.training_step = module_step_of(trainer, "training_step")
        self.on_before_zero_grad = Hook(trainer, "on_before_zero_grad")
        self.zero_grad = zero_grad_of(trainer)
        self.backward = backward_of(trainer)
        self.optimizer_step = optimizer_step_of(trainer)
        self.keeps_closure = is_stock(module, pl.LightningModule, "optimizer_step")
        self.on_train_batch_end = Hook(trainer, "on_train_batch_end")
        self.takes_index = is_param_in_hook_signature(module.training_step, "batch_idx", min_args=2)

    def _run(self, loop: Any, batch: Any, batch_idx: int) -> dict[str, Any]:
        """Run one batch through ``loop``'s optimization, and return what callbacks are given."""
        kwargs = OrderedDict(batch=batch)
        if self.takes_index:
            kwargs["batch_idx"] = batch_idx
        outputs: dict[str, Any]
        if self.module.automatic_optimization:
            outputs = loop.automatic_optimization.run(self.trainer.optimizers[0], batch_idx, kwargs)
        else:
            outputs = loop.manual_optimization.run(kwargs)
        return outputs


def _strategy_starts(trainer: pl.Trainer) -> Any:
    """Return what calls the strategy's hook at a batch's start, None where it has none."""
    strategy, name = trainer.strategy, "on_train_batch_start"
    asked = f"[Strategy]{type(strategy).__name__}.{name}" in spans_of(trainer)
    if is_stock(strategy, Strategy, name) and not asked:
        return None
    return lambda *args: call._call_strategy_hook(trainer, name, *args)
