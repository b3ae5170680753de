"""One epoch that ends before its loader does."""

from typing import Any, final

import pytorch_lightning as pl
from pytorch_lightning.strategies import DDPStrategy, ParallelStrategy

from lightning_kit.compat import EpochLoop, callbacks_of


@final
class EpochCut(pl.Callback):
    """Stand first among the trainer's callbacks until the epoch is over, and end it.

    Args:
        loop: The trainer's.
        validate: Whether to validate at the end.
    """

    def __init__(self, loop: EpochLoop, validate: bool) -> None:
        self.loop = loop
        self.validate = validate
        self.is_last = False
        self.is_over = False

    @classmethod
    def of(cls, trainer: pl.Trainer, *, validate: bool) -> "EpochCut":
        """Return the cut that ``trainer`` is about to make, a new one if there is none."""
        for callback in callbacks_of(trainer):
            if isinstance(callback, cls) and not callback.is_over:
                callback.validate |= validate
                return callback
        cut = cls(EpochLoop(trainer), validate)
        # A new list: the old one may be being called through, and it would call one callback twice.
        trainer.callbacks = [cut, *callbacks_of(trainer)]  # type: ignore[attr-defined]
        return cut

    def before(self) -> None:
        """Let the batch that starts be the last."""
        self.loop.make_last()
        self.is_last = True

    def after(self) -> None:
        """Let the batch that ends be the last."""
        if self.is_last:
            # A loop that leaves the fetching to the module has marked it anew.
            self.loop.make_last()
        elif not self.loop.is_last:
            _refuse_sharded(self.loop)
            self.loop.close()
        self.loop.decide_validation(self.validate)
        self.is_over = True

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        if not self.is_over:
            self.before()

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        if not self.is_over:
            self.after()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Also where a stop came first: the next epoch was not meant.
        self.is_over = True
        self.loop.leave_validation()

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self.loop.look_whole(checkpoint)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._leave(trainer)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._leave(trainer)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._leave(trainer)

    def _leave(self, trainer: pl.Trainer) -> None:
        self.is_over = True
        self.loop.leave_validation()
        rest = [callback for callback in callbacks_of(trainer) if callback is not self]
        trainer.callbacks = rest  # type: ignore[attr-defined]


def _refuse_sharded(loop: EpochLoop) -> None:
    strategy = loop.trainer.strategy
    can_average = not isinstance(strategy, ParallelStrategy) or (
        isinstance(strategy, DDPStrategy) and not strategy.handles_gradient_accumulation
    )
    if loop.window_is_open and not can_average:
        raise RuntimeError(
            f"the epoch cannot end within an accumulation window under {type(strategy).__name__}, "
            "which keeps its gradients in shards: ask before the iteration (iteration_started), "
            "or after the last one of a window"
        )
