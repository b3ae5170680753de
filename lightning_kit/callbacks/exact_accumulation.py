"""Let accumulated gradients be those of one big batch."""

import logging
from collections.abc import Callable
from typing import Any, final

import pytorch_lightning as pl
import torch
import torch.distributed as dist
from pytorch_lightning.strategies import DDPStrategy, DeepSpeedStrategy, ParallelStrategy
from pytorch_lightning.strategies.xla import XLAStrategy
from pytorch_lightning.utilities import rank_zero_info
from torch import Tensor
from torch.optim import Optimizer

from lightning_kit.callbacks.batch_weight import num_samples, returned_weight, weight_unit
from lightning_kit.callbacks.divided_gradients import divide_gradients
from lightning_kit.compat import callbacks_of, detour, refuse_twin

log = logging.getLogger(__name__)


@final
class ExactAccumulation(pl.Callback):
    """Give a window of batches, on all ranks together, the gradient of one big batch.

    Lightning divides each loss by ``accumulate_grad_batches`` and averages over ranks: right only
    where each mean is over equally much and the window is full. It is not at an epoch's end, with
    padding or with targets that are ignored (`#19987
    <https://github.com/Lightning-AI/pytorch-lightning/issues/19987>`_, `#20350
    <https://github.com/Lightning-AI/pytorch-lightning/issues/20350>`_). Here::

        gradient = sum(weight * gradient of the batch's mean loss) / sum(weight)

    A batch's ``weight`` is what ``training_step`` returns beside the loss,
    ``{"loss": mean, "weight": n}``, as the kit's tasks do: what the mean is over, such as the
    number of valid targets, or the sum of their class weights where the mean is weighted. It is a
    number or, so that no device has to wait, a tensor. Without it, it is the number of samples
    (said once in the log). A window of weight 0 has zero gradients; a batch of weight 0 must have
    finite ones, as torch's losses do, so divide a sum by ``max(n, 1)``. Losses that are logged or
    seen by other callbacks do not change.

    The sum is divided once the optimizer is about to step: after AMP has unscaled, before clipping.
    Recipes that accumulate list it, before callbacks that read gradients; it serves
    ``GradientAccumulationScheduler`` and epochs that ``EndEpoch`` cuts. What one batch has of the
    others in its forward pass, as in BatchNorm, stays its own. A window that a checkpoint cuts in
    two is resumed as Lightning does: with what comes after.

    With several ranks the total is one all-reduce at each optimizer step, and one more comes at the
    first batch of a fit. Ranks may differ in weights, not in numbers of batches. A single process
    that does not accumulate is left alone.

    Raises:
        ValueError: In ``setup`` under manual optimization, under a strategy that shards gradients
            or accumulates by itself, or beside another one; in a batch, if its weight is no number
            of at least 0, or there is none and no tensor tells the number of samples.

    Example:
        >>> trainer = pl.Trainer(accumulate_grad_batches=4, callbacks=[ExactAccumulation()])
    """

    # What training_step returned and was given; the window's weight so far, in units.
    _noted: tuple[Any, Any] | None
    _total: Tensor | None
    _unit: Tensor | None

    def __init__(self) -> None:
        self._end: Callable[[], None] | None = None
        self._has_told = False
        self._forget()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        if stage == "fit":
            _refuse(trainer, pl_module)

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # The module's own setup may have changed its mind.
        _refuse(trainer, pl_module)
        self._forget()
        self._give_back()
        self._end = detour(pl_module, "training_step", self._noting)

    def on_before_zero_grad(self, *_: Any) -> None:
        self._total = None

    def on_before_backward(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor
    ) -> None:
        noted, self._noted = self._noted, None
        num_batches, num_ranks = trainer.accumulate_grad_batches, trainer.world_size
        if num_batches == num_ranks == 1 and self._total is None:
            return
        if noted is None:
            self._tell(log.warning, "accumulation is stock: training_step was called past its hook")
            return
        weight = self._weigh(pl_module, loss, *noted)
        if self._unit is None:
            self._unit = weight_unit(weight, num_ranks)
        weight = weight / self._unit
        self._total = weight if self._total is None else self._total + weight
        # Lightning has divided by the number of batches.
        factor = weight * num_batches
        if loss.requires_grad:
            register: Any = loss.register_hook
            register(lambda grad: (grad * factor).to(grad.dtype))

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        total, self._total = self._total, None
        if total is None:
            return
        if trainer.world_size > 1:
            dist.all_reduce(total)
            # Of the ranks' gradients there is the mean, not the sum.
            total = total / trainer.world_size
        # Where nothing counts each gradient is 0, and so is its ratio to infinity.
        divide_gradients(optimizer, torch.where(total > 0, total, torch.inf))

    def on_batch_abandoned(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Forget a window whose gradients were dropped."""
        self._noted = self._total = None

    def on_exception(self, *_: Any) -> None:
        self._give_back()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._give_back()

    def _forget(self) -> None:
        self._noted = self._total = self._unit = None

    def _give_back(self) -> None:
        if self._end is not None:
            self._end()
            self._end = None

    def _noting(self, training_step: Callable[..., Any]) -> Callable[..., Any]:
        def step_and_note(*args: Any, **kwargs: Any) -> Any:
            output = training_step(*args, **kwargs)
            batch = next(iter((*args, *kwargs.values())), None)
            self._noted = None if output is None else (output, batch)
            return output

        return step_and_note

    def _weigh(
        self, pl_module: pl.LightningModule, loss: Tensor, output: Any, batch: Any
    ) -> Tensor:
        weight = returned_weight(output)
        if weight is None:
            weight = num_samples(batch)
            self._tell(
                rank_zero_info,
                f"{type(pl_module).__name__}.training_step returns no weight: ExactAccumulation "
                "counts each batch by its number of samples",
            )
        dtype = torch.promote_types(loss.dtype, torch.float32)
        if isinstance(weight, Tensor):
            return weight.to(loss.device, dtype, non_blocking=True)
        # Filled on the device, where a copy from the host would wait.
        return torch.full((), weight, dtype=dtype, device=loss.device)

    def _tell(self, how: Callable[[str], Any], what: str) -> None:
        if not self._has_told:
            self._has_told = True
            how(what)


def _refuse(trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
    if not pl_module.automatic_optimization:
        raise ValueError(
            "ExactAccumulation needs automatic_optimization, got a module with manual "
            "optimization, which weighs its losses itself: leave it out"
        )
    strategy = trainer.strategy
    is_own = not isinstance(strategy, ParallelStrategy) or isinstance(strategy, DDPStrategy)
    if not is_own or isinstance(strategy, DeepSpeedStrategy | XLAStrategy):
        raise ValueError(
            "ExactAccumulation needs whole gradients that the optimizer is about to step with, on "
            f"one device or under DDP; {type(strategy).__name__} shards them, or sums them up in "
            "an engine of its own: use ddp, or leave it out"
        )
    if sum(isinstance(each, ExactAccumulation) for each in callbacks_of(trainer)) > 1:
        raise ValueError("callbacks must have one ExactAccumulation, got two, which weigh twice")
