"""What a learning-rate search of Lightning runs with when parameter groups have their own rates.

Both classes stand in for Lightning's own, whose search saves, runs and restores the fit.
"""

import logging
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import LRSchedulerConfig
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lightning_kit.callbacks.step_loss import step_loss
from lightning_kit.compat import RateCurve, RateSearch

log = logging.getLogger(__name__)
SMOOTHING = 0.05

Rates = Callable[[int], list[float]]


def rates(
    lows: Sequence[float], highs: Sequence[float], steps: int, mode: str, *, ignite: bool
) -> Rates:
    """Return a function of the step, from 0, that gives each group's rate.

    Ignite trains its first two steps with one rate, and so ends one step short of ``highs``.
    """

    def at(step: int) -> list[float]:
        if ignite:
            share = (max(step, 1) if mode == "exponential" else max(step - 1, 0)) / steps
        else:
            share = (step + 1) / steps if step else 0.0
        pairs = zip(lows, highs, strict=True)
        if mode == "exponential":
            return [low * (high / low) ** share for low, high in pairs]
        return [low + share * (high - low) for low, high in pairs]

    return at


class GroupSearch(RateSearch):
    """Search with a rate for each group.

    Args:
        mode: ``linear`` or ``exponential``.
        lr_min: The first group's lowest rate.
        lr_max: The first group's highest rate.
        num_training: Steps.
        find_rates: Given the optimizer, returns each step's rates.
        ignite: Whether to suggest as Ignite does.
    """

    def __init__(
        self,
        mode: str,
        lr_min: float,
        lr_max: float,
        num_training: int,
        *,
        find_rates: Callable[[Optimizer], Rates],
        ignite: bool,
    ) -> None:
        super().__init__(mode, lr_min, lr_max, num_training)
        self.find_rates = find_rates
        self.ignite = ignite
        self._rates: Rates | None = None
        self._optimal_idx: int | None = None

    def suggested_rates(self) -> list[float] | None:
        """Return each group's rate at the suggested step; None where the curve is too short."""
        if self.suggestion() is None or self._rates is None or self._optimal_idx is None:
            return None
        return self._rates(self._optimal_idx)

    def suggestion(self, skip_begin: int = 10, skip_end: int = 1) -> float | None:
        """Return the first group's rate where the loss fell most.

        With Ignite's preset that is the steepest central difference before the lowest loss, and
        nothing is skipped.
        """
        if not self.ignite:
            return super().suggestion(skip_begin, skip_end)
        losses = torch.tensor(self.results["loss"])
        losses = losses[: int(losses.argmin()) + 1]
        if len(losses) < 3:
            log.error("no rate to suggest: the loss never fell; lower min_lr or raise max_lr")
            self._optimal_idx = None
            return None
        self._optimal_idx = int((losses[2:] - losses[:-2]).argmin()) + 1
        rate: float = self.results["lr"][self._optimal_idx]
        return rate

    def _exchange_scheduler(self, trainer: pl.Trainer) -> None:
        # The parent's checks, and its scheduler, which is replaced.
        before = [group["lr"] for group in trainer.optimizers[0].param_groups]
        super()._exchange_scheduler(trainer)
        (optimizer,) = trainer.optimizers
        for group, rate in zip(optimizer.param_groups, before, strict=True):
            group["lr"] = rate
        self._rates = self.find_rates(optimizer)
        for group, rate in zip(optimizer.param_groups, self._rates(0), strict=True):
            group["lr"] = group["initial_lr"] = rate
        scheduler = _GroupRates(optimizer, self._rates)
        trainer.strategy.lr_scheduler_configs = [LRSchedulerConfig(scheduler, interval="step")]


class _GroupRates(LRScheduler):
    def __init__(self, optimizer: Optimizer, at: Rates) -> None:
        self.at = at
        super().__init__(optimizer)

    def get_lr(self) -> list[float | torch.Tensor]:
        self.lr = self.at(self.last_epoch)
        return [*self.lr]


class IgniteCurve(RateCurve):
    """Record losses as Ignite does: ``0.05 * loss + 0.95 * before``, without a correction.

    The search ends as soon as a loss is above ``early_stop_threshold`` times the lowest, or not
    finite.
    """

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if (trainer.fit_loop.batch_idx + 1) % trainer.accumulate_grad_batches != 0:
            return
        bar: Any = self.progress_bar
        if bar is not None:
            bar.update()
        loss = step_loss(trainer, pl_module, outputs)
        given = torch.tensor(math.nan) if loss is None else loss.float().reshape(())
        mean: Any = trainer.strategy.reduce(
            given.to(trainer.strategy.root_device, copy=True), reduce_op="mean"
        )
        value = float(mean)
        if self.losses:
            value = SMOOTHING * value + (1 - SMOOTHING) * self.losses[-1]
        self.losses.append(value)
        threshold = self.early_stop_threshold
        lowest = min(self.losses)
        if not math.isfinite(value) or (threshold is not None and value > threshold * lowest):
            trainer.should_stop = True
            if bar is not None:
                bar.close()
