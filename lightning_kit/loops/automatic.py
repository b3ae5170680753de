"""Automatic optimization: forward, backward and the optimizer's step, in Lightning's order."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

import pytorch_lightning as pl
import torch
from pytorch_lightning.loops.optimization.automatic import (
    Closure,
    ClosureResult,
    _AutomaticOptimization,
)
from pytorch_lightning.loops.utilities import _block_parallel_sync_behavior
from torch import Tensor

if TYPE_CHECKING:
    from lightning_kit.loops.plan import Plan


# What the lean run does not call: where one is replaced on the loop, Lightning's run does.
INLINED = (
    "_make_closure", "_make_step_fn", "_make_backward_fn", "_make_zero_grad_fn", "_optimizer_step",
    "_on_before_zero_grad", "_optimizer_zero_grad", "_training_step",
)  # fmt: skip


@final
class LeanAutomaticOptimization(_AutomaticOptimization):
    """Lightning's, for the length of a run by a plan."""

    plan: "Plan | None" = None

    def run(self, optimizer: Any, batch_idx: int, kwargs: Any) -> dict[str, Any]:
        plan = self.plan
        if plan is None or self._skip_backward or not vars(self).keys().isdisjoint(INLINED):
            return super().run(optimizer, batch_idx, kwargs)
        return optimize(self, plan, optimizer, batch_idx, tuple(kwargs.values()))


def optimize(
    loop: _AutomaticOptimization,
    plan: "Plan",
    optimizer: Any,
    batch_idx: int,
    arguments: tuple[Any, ...],
) -> dict[str, Any]:
    """Run one training batch and return its outputs, as ``_AutomaticOptimization.run`` does.

    Args:
        loop: Lightning's loop, whose progress is counted on.
        plan: What to call.
        optimizer: The one optimizer, torch's.
        batch_idx: The batch's index within its epoch.
        arguments: The arguments of ``training_step``.
    """
    trainer = loop.trainer
    steps: Any = loop.optim_progress.optimizer
    accumulates = trainer.accumulate_grad_batches
    outputs: dict[str, Any] = {}
    ran = False

    def closure() -> Tensor | None:
        nonlocal ran
        if not torch.is_grad_enabled():
            with torch.enable_grad():
                return closure()
        ran = True
        outputs.clear()
        loss = _read(trainer, plan.training_step(*arguments), outputs)
        if batch_idx % accumulates == 0:
            zero = steps.zero_grad
            total, current = zero.total, zero.current
            total.ready += 1
            current.ready += 1
            plan.on_before_zero_grad(optimizer)
            total.started += 1
            current.started += 1
            plan.zero_grad(optimizer, batch_idx)
            total.completed += 1
            current.completed += 1
        if loss is None:
            # Lightning's own closure says so, once.
            Closure(lambda: ClosureResult(None))()
            return None
        plan.backward(loss, optimizer)
        done: Tensor = outputs["loss"]
        return done

    accumulates_on = accumulates != 1 and trainer.fit_loop._should_accumulate()
    if accumulates_on and not trainer.strategy.handles_gradient_accumulation:
        with _block_parallel_sync_behavior(trainer.strategy, block=True):
            closure()
    else:
        # A strategy that accumulates by itself is asked at every batch, and steps at some.
        total, current = steps.step.total, steps.step.current
        total.ready += not accumulates_on
        current.ready += not accumulates_on
        light = trainer.strategy._lightning_optimizers[0]
        plan.optimizer_step(light, batch_idx, closure if plan.keeps_closure else Handed(closure))
        total.completed += not accumulates_on
        current.completed += not accumulates_on
    if not ran:
        # Lightning's own closure raises what a closure that never ran deserves.
        Closure(lambda: ClosureResult(None)).consume_result()
    return outputs


@final
class Handed(Closure):
    """A closure as a module's own ``optimizer_step`` knows it."""

    def __init__(self, run: Callable[[], Tensor | None]) -> None:
        super().__init__(step_fn=lambda: ClosureResult(None))
        self.run = run

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor | None:
        return self.run()


def _read(trainer: pl.Trainer, output: Any, outputs: dict[str, Any]) -> Tensor | None:
    """Return the loss of what ``training_step`` returned, and fill ``outputs`` for callbacks."""
    accumulates = trainer.accumulate_grad_batches
    if isinstance(output, Tensor):
        loss, extra = output, {}
    elif type(output) is dict and isinstance(output.get("loss"), Tensor):
        loss, extra = output["loss"], {k: v for k, v in output.items() if k != "loss"}
    else:
        if output is None and trainer.world_size > 1:
            raise RuntimeError(
                "Skipping the `training_step` by returning None in distributed training is not "
                "supported: let every rank return a loss."
            )
        result = ClosureResult.from_training_step_output(output, accumulates)
        outputs.update({} if result.loss is None else result.asdict())
        return result.closure_loss
    if accumulates != 1:
        loss = loss / accumulates
    outputs["loss"] = loss.detach().clone()
    outputs.update(extra)
    return loss
