"""Lightning's weight averaging as an exponential moving average, with Ignite's choices."""

from typing import Any, Literal, final

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from pytorch_lightning.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy
from torch import Tensor, nn

from lightning_kit.callbacks.ema_options import (
    Buffers,
    Init,
    UpdateOn,
    Which,
    momentum_of,
    resolve,
)
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.owed_hooks import OwedHooks
from lightning_kit.callbacks.saved_weights import SavedWeights
from lightning_kit.compat import callbacks_of, mend_resume, refuse_twin
from lightning_kit.meters import EventFilter

_SHARDED = (FSDPStrategy, DeepSpeedStrategy, ModelParallelStrategy)


@final
class EMA(WeightAveraging):
    """Average the weights: ``ema = decay * ema + (1 - decay) * weights`` after each optimizer step.

    Without options it is Lightning's ``EMAWeightAveraging``, except what it mends: buffers of whole
    numbers are copied, for an average of indices rounds to others; a weights-only checkpoint holds
    the averaged weights too; a checkpoint that an exception asks for in mid-validation, or that is
    saved after the end, holds the weights that training goes on from; after a fit,
    ``trainer.test(ckpt_path=...)`` tests the weights that ``save`` names; a second fit starts
    afresh; until the first update, which a filter may put off, the weights that train are
    validated, saved and left, not those from before training.

    Args:
        decay: Weight of the past, in [0, 1); 0.999, with ``preset="ignite"`` 0.9998.
        momentum: ``1 - decay``, in (0, 1], as Ignite says it.
        momentum_warmup: Momentum of the first update, in (0, 1]; it then moves linearly.
        warmup_iters: The update, from 1, at which ``momentum`` is reached.
        buffers: What becomes of buffers at an update: ``average`` them, ``copy`` them from the
            module, or ``ignore`` them, so that they stay as they were at the start.
        init: What the first update does: ``copy`` the weights then, or ``blend`` them with those
            from before training.
        filter: Which iterations update. ``{every: 2}`` is 2, 4, ... as in Ignite;
            ``{every: 2, after: 0}`` is 1, 3, ... as in Lightning.
        update_on: Under gradient accumulation: ``step``: an iteration updates only where an
            optimizer step came since the last update; ``iteration``: each does, as in Ignite.
        validate_with: Which weights validation within a fit sees, ``ema`` or ``raw``.
        save: Which weights a checkpoint's ``state_dict`` holds. A full one holds the others too:
            for ``ema``, in Lightning's layout, which Lightning's own callback can load.
        final: Which weights the module has at the end.
        device: Where the average is kept; None: with the module.
        use_buffers: Lightning's word: True is ``buffers="average"``, False ``"copy"``.
        preset: ``ignite``: ``momentum=2e-4, init="blend", update_on="iteration", buffers="copy"``
            and ``final="raw"``.

    Raises:
        ValueError: If an argument is out of range or contradicts another; when a fit begins, if
            weights are sharded, or another callback averages too.

    Example:
        >>> ema = EMA(decay=0.99, filter=EventFilter(after=100))
        >>> warming = EMA(momentum=0.5, momentum_warmup=0.25, warmup_iters=3)
        >>> [warming.momentum_at(update) for update in (1, 2, 3, 4)]
        [0.25, 0.375, 0.5, 0.5]
    """

    def __init__(
        self,
        decay: float | None = None,
        *,
        momentum: float | None = None,
        momentum_warmup: float | None = None,
        warmup_iters: int | None = None,
        buffers: Buffers | None = None,
        init: Init | None = None,
        filter: EventFilter | None = None,
        update_on: UpdateOn | None = None,
        validate_with: Which | None = None,
        save: Which | None = None,
        final: Which | None = None,
        device: torch.device | str | int | None = None,
        use_buffers: bool | None = None,
        preset: Literal["ignite"] | None = None,
    ) -> None:
        options = resolve(
            {
                "buffers": buffers,
                "init": init,
                "update_on": update_on,
                "validate_with": validate_with,
                "save": save,
                "final": final,
                "use_buffers": use_buffers,
                "preset": preset,
            }
        )
        self._momentum = momentum_of(
            decay, momentum, momentum_warmup, warmup_iters, ignite=preset == "ignite"
        )
        self.buffers: Buffers = options["buffers"]
        self.init: Init = options["init"]
        self.filter = EventFilter.given(filter)
        self.update_on: UpdateOn = options["update_on"]
        self.validate_with: Which = options["validate_with"]
        self.save: Which = options["save"]
        self.final: Which = options["final"]
        self._weights = self._momentum.at(1)
        self._is_swapped = False
        self._owed = OwedHooks()
        self._saved_weights = SavedWeights(self._replace)
        super().__init__(device, self.buffers == "average", avg_fn=self._average)

    @property
    def average_model(self) -> nn.Module | None:
        """The averaged module, None before a fit.

        While the fitted module has the averaged weights, in validation and at the end, this one
        has the raw ones.
        """
        return None if self._average_model is None else self._average_model.module

    def shows_average(self, which: Which) -> bool:
        """Return whether ``which`` means the average: ``ema``, once it has taken an update.

        Before that it is what the weights were when the fit began
        (https://github.com/Lightning-AI/pytorch-lightning/issues/21724).
        """
        return which == "ema" and self._num_updates > 0

    def momentum_at(self, update: int) -> float:
        """Return the weight of the model in the ``update``-th update, from 1."""
        return self._momentum.at(update)[1]

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        self._is_swapped = False
        if stage != "fit":
            # Else a checkpoint that is loaded for a test would be swapped for its raw weights.
            self._average_model = None
            return
        self._owed = OwedHooks()
        self._refuse(trainer)
        self._saved_weights.give_back()
        super().setup(trainer, pl_module, stage)
        self._latest_update_step = 0
        if self.init == "blend":
            assert self._average_model is not None
            # torch copies at the first update of a model that averages none yet.
            self._average_model.n_averaged.fill_(1)
        self._saved_weights.borrow(pl_module)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)
        self._owed.settle(
            trainer,
            {
                "step": lambda: self._follow(trainer, pl_module),
                "validation": lambda: None,
                "epoch": lambda: None,
            },
        )

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        # A validation within the batch may have been skipped.
        self._swap_back(pl_module)
        self._follow(trainer, pl_module)

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.shows_average(self.validate_with) and not self._is_swapped:
            super().on_validation_epoch_start(trainer, pl_module)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._swap_back(pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Where an exception in a validation ends the fit, this hook alone hears of it.
        self._swap_back(pl_module)
        if self.shows_average(self.final):
            # Not a copy: a checkpoint saved from here on still holds both.
            self._swap_models(pl_module)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._swap_back(pl_module)
        # Checkpoint callbacks come after all others; `teardown` does not come at all.
        if any(getattr(each, "save_on_exception", False) for each in callbacks_of(trainer)):
            self._saved_weights.give_back_after_next()
        else:
            self._saved_weights.give_back()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._saved_weights.give_back()

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        super().on_save_checkpoint(trainer, pl_module, checkpoint)
        if self._average_model is None:
            return
        checkpoint["callbacks"][self.state_key]["hooks"] = self._owed.state(trainer)
        held = checkpoint["current_model_state"], checkpoint["state_dict"]
        raw, averaged = held[::-1] if self._is_swapped else held
        if self.shows_average(self.save):
            checkpoint["state_dict"], checkpoint["current_model_state"] = averaged, raw
        else:
            # Not under Lightning's name: its callback would take the one for the other.
            del checkpoint["current_model_state"]
            checkpoint["state_dict"], checkpoint["average_model_state"] = raw, averaged

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if self._average_model is None:
            # Outside a fit the module has what `save` put into the checkpoint.
            return
        if "average_model_state" not in checkpoint:
            super().on_load_checkpoint(trainer, pl_module, checkpoint)
            return
        averaged = checkpoint["average_model_state"]
        state = {f"module.{name}": value for name, value in averaged.items()}
        self._average_model.load_state_dict(state | checkpoint["averaging_state"])

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        if "hooks" in state_dict:
            self._owed.restore(state_dict["hooks"])

    @property
    def _num_updates(self) -> int:
        if self._average_model is None:
            return 0
        return int(self._average_model.n_averaged) - (self.init == "blend")

    def _refuse(self, trainer: pl.Trainer) -> None:
        self._refuse_missing_device()
        if isinstance(trainer.strategy, _SHARDED):
            raise ValueError(
                f"EMA averages whole weights, and {type(trainer.strategy).__name__} shards them: "
                "use another strategy, or leave EMA out"
            )
        for other in callbacks_of(trainer):
            if isinstance(other, WeightAveraging) and other is not self:
                raise ValueError(
                    f"EMA and another {type(other).__name__} would both replace the weights: leave "
                    "one out"
                )

    def _refuse_missing_device(self) -> None:
        try:
            torch.empty(0, device=self._device)
        except (AssertionError, RuntimeError) as error:
            raise ValueError(
                f"device must be one that this machine has, or None, got {self._device} "
                f"({str(error).splitlines()[0]})"
            ) from error

    def _follow(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._owed.had(trainer, "step")
        count = iteration(trainer)
        if self.filter is not None and not self.filter.matches(count):
            return
        if self.update_on == "step" and trainer.global_step <= self._latest_update_step:
            return
        self._update(pl_module)
        self._latest_update_step = trainer.global_step

    def _update(self, pl_module: pl.LightningModule) -> None:
        assert self._average_model is not None
        if self._momentum.warmup is not None:
            self._weights = self._momentum.at(self._num_updates + 1)
        buffers = list(self._average_model.module.buffers()) if self.buffers == "ignore" else []
        kept = [buffer.clone() for buffer in buffers]
        # Buffers that are not averaged are copied by torch.
        self._average_model.update_parameters(pl_module)
        for buffer, value in zip(buffers, kept, strict=True):
            buffer.copy_(value)

    def _average(self, averaged: Tensor, current: Tensor, num_averaged: Tensor | int) -> Tensor:
        if not (averaged.is_floating_point() or averaged.is_complex()):
            return current
        keep, take = self._weights
        return keep * averaged + take * current

    def _swap_models(self, pl_module: pl.LightningModule) -> None:
        super()._swap_models(pl_module)
        self._is_swapped = not self._is_swapped

    def _swap_back(self, pl_module: pl.LightningModule) -> None:
        """Give the module its raw weights, where it has the averaged ones."""
        if self._is_swapped:
            self._swap_models(pl_module)

    def _replace(self, checkpoint: dict[str, Any]) -> None:
        """Put the weights that ``save`` names into a weights-only checkpoint."""
        assert self._average_model is not None
        if self.shows_average(self.save) is not self._is_swapped:
            prefix = "module."
            checkpoint["state_dict"] = {
                name.removeprefix(prefix): value
                for name, value in self._average_model.state_dict().items()
                if name.startswith(prefix)
            }
