"""Find a learning rate, for each parameter group its own."""

import functools
import math
from typing import Literal, final

import pytorch_lightning as pl
from pytorch_lightning.utilities.parsing import lightning_hasattr, lightning_setattr
from pytorch_lightning.utilities.seed import isolate_rng
from torch.optim import Optimizer

from lightning_kit.callbacks.rate_search import GroupSearch, IgniteCurve, Rates, rates
from lightning_kit.compat import (
    RateCurve,
    leave_fit,
    refuse_missing_search,
    refuse_twin,
    search_rates,
)
from lightning_kit.meters.arguments import check_whole, is_number

Rate = float | list[float]


@final
class LearningRateFinder(pl.callbacks.LearningRateFinder):
    """Lightning's learning-rate finder, which can keep the rates of parameter groups apart.

    Without lists, ``keep_ratio`` and ``preset`` it is the parent. With one of them the search is
    still the parent's: a checkpoint restores weights, optimizer, loops and loaders after it, and
    the random state is put back. All groups move together, and each gets its rate at the step
    where the loss fell most.

    Args:
        min_lr: Lowest rate, 1e-8 by default; a list has one for each group.
        max_lr: Highest rate, 1.0 by default; a list has one for each group.
        num_training_steps: Optimizer steps of the search, 100 by default.
        mode: ``exponential`` or ``linear``.
        early_stop_threshold: End the search where the loss is above this many times the lowest;
            None: never. ``auto`` is 4.
        update_attr: Whether to use what was found.
        attr_name: Attribute of the module, or of its hparams, that gets the rate; by default
            ``lr`` or ``learning_rate``. With rates for groups it gets the first group's, and need
            not exist.
        keep_ratio: Whether the groups keep the proportions of their configured rates;
            ``min_lr`` and ``max_lr`` are then the first group's.
        preset: ``ignite`` takes what was not given from Ignite's ``FastaiLRFinder``: each group
            from its configured rate to 10, the steps of the whole run, threshold 5; it smooths and
            suggests as Ignite does.

    Raises:
        ValueError: If rates are not above 0 (``linear`` without lists may begin at 0) and in order,
            lists differ in length, ``keep_ratio`` stands beside a list, or Lightning lacks what
            rates for groups need; when the fit starts, if a list has not one rate for each group.
    """

    def __init__(
        self,
        min_lr: Rate | None = None,
        max_lr: Rate | None = None,
        num_training_steps: int | None = None,
        mode: str = "exponential",
        early_stop_threshold: float | Literal["auto"] | None = "auto",
        update_attr: bool = True,
        attr_name: str = "",
        *,
        keep_ratio: bool = False,
        preset: Literal["ignite"] | None = None,
    ) -> None:
        if preset not in (None, "ignite"):
            raise ValueError(f"preset must be 'ignite' or None, got {preset!r}")
        ignite = preset == "ignite"
        if early_stop_threshold == "auto":
            early_stop_threshold = 5.0 if ignite else 4.0
        _refuse_lists(min_lr, max_lr, keep_ratio)
        self._grouped = isinstance(min_lr, list) or isinstance(max_lr, list) or keep_ratio or ignite
        if min_lr is None and not ignite:
            min_lr = 1e-8
        if max_lr is None:
            max_lr = 10.0 if ignite else 1.0
        if num_training_steps is None and not ignite:
            num_training_steps = 100
        if min_lr is not None:
            _check_order(min_lr, max_lr, mode)
        if num_training_steps is not None:
            check_whole("num_training_steps", num_training_steps, at_least=1)
        if self._grouped:
            refuse_missing_search("lists of rates, keep_ratio and preset")
        super().__init__(
            _first(min_lr) if min_lr is not None else 1e-8,
            _first(max_lr),
            num_training_steps or 100,
            mode,
            early_stop_threshold,
            update_attr,
            attr_name,
        )
        self._lows, self._highs, self._steps = min_lr, max_lr, num_training_steps
        self._keep_ratio, self._ignite = keep_ratio, ignite

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)

    def lr_find(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Search, restore, and use what was found."""
        if not self._grouped:
            super().lr_find(trainer, pl_module)
            return
        steps = self._steps or _steps_of(trainer)
        # Before Lightning's search, which must restore what it has begun to change.
        for optimizer in trainer.optimizers:
            self._rates(steps, optimizer)
        search = functools.partial(
            GroupSearch, find_rates=functools.partial(self._rates, steps), ignite=self._ignite
        )
        curve = IgniteCurve if self._ignite else RateCurve
        with isolate_rng():
            found = search_rates(
                search,
                curve,
                trainer,
                min_lr=self._min_lr,
                max_lr=self._max_lr,
                num_training=steps,
                mode=self._mode,
                early_stop_threshold=self._early_stop_threshold,
                update_attr=False,
            )
        self.optimal_lr = found
        if self._update_attr and isinstance(found, GroupSearch):
            self._use(found.suggested_rates(), trainer, pl_module)
        if self._early_exit:
            leave_fit()

    def _rates(self, steps: int, optimizer: Optimizer) -> Rates:
        """Return what each step's rates are, from the configured ones and the arguments."""
        configured = [float(group["lr"]) for group in optimizer.param_groups]
        lows = self._bound("min_lr", self._lows, configured)
        highs = self._bound("max_lr", self._highs, configured)
        _check_order(lows, highs, self._mode)
        return rates(lows, highs, steps, self._mode, ignite=self._ignite)

    def _bound(self, name: str, given: Rate | None, configured: list[float]) -> list[float]:
        if given is None:
            return configured
        if not isinstance(given, list):
            if not self._keep_ratio:
                return [given] * len(configured)
            if configured[0] <= 0:
                raise ValueError(f"keep_ratio needs a first rate above 0, got {configured[0]}")
            return [given * rate / configured[0] for rate in configured]
        if len(given) != len(configured):
            raise ValueError(
                f"{name} must hold {len(configured)} rates, one for each parameter group, got "
                f"{given}"
            )
        return given

    def _use(
        self, found: list[float] | None, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        if found is None:
            return
        for group, rate in zip(trainer.optimizers[0].param_groups, found, strict=True):
            group["lr"] = rate
            if "initial_lr" in group:
                group["initial_lr"] = rate
        for config in trainer.lr_scheduler_configs:
            # A schedule that starts from what was configured would undo the search.
            if hasattr(config.scheduler, "base_lrs"):
                config.scheduler.base_lrs = [*found]
        wanted = [self._attr_name] if self._attr_name else ["lr", "learning_rate"]
        there = [name for name in wanted if lightning_hasattr(pl_module, name)]
        if there:
            lightning_setattr(pl_module, there[0], found[0])
        elif self._attr_name:
            raise AttributeError(
                f"attr_name must name an attribute of {type(pl_module).__name__}, or of its "
                f"hparams, got {self._attr_name!r}"
            )


def _first(rate: Rate) -> float:
    return rate[0] if isinstance(rate, list) and rate else rate  # type: ignore[return-value]


def _steps_of(trainer: pl.Trainer) -> int:
    steps = trainer.estimated_stepping_batches
    if math.isinf(steps):
        raise ValueError("num_training_steps must be given where the run's length is not known")
    return int(steps)


def _refuse_lists(min_lr: Rate | None, max_lr: Rate | None, keep_ratio: bool) -> None:
    lists = [each for each in (min_lr, max_lr) if isinstance(each, list)]
    if keep_ratio and lists:
        raise ValueError(
            f"keep_ratio has no effect beside a rate for each group, {lists[0]}: leave one out"
        )
    if len(lists) == 2 and len(lists[0]) != len(lists[1]):
        raise ValueError(f"min_lr and max_lr must be of one length, got {lists[0]}, {lists[1]}")


def _check_order(lows: Rate, highs: Rate, mode: str) -> None:
    low = lows if isinstance(lows, list) else [lows]
    high = highs if isinstance(highs, list) else [highs]
    length = max(len(low), len(high))
    low, high = (each * length if len(each) == 1 else each for each in (low, high))
    numbers = low and high and all(map(is_number, [*low, *high]))
    # Lightning's linear search may begin at 0.
    may_be_0 = mode == "linear" and not isinstance(lows, list)
    if not numbers or any(
        not 0 < a < b and not (may_be_0 and a == 0 < b) for a, b in zip(low, high, strict=True)
    ):
        raise ValueError(f"min_lr must be above 0 and below max_lr, got {lows} and {highs}")
