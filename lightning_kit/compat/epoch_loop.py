"""Where a fit stands within its epoch, and how to end the epoch there."""

import logging
from typing import Any, Literal, final

import pytorch_lightning as pl
import torch
import torch.distributed as dist
from pytorch_lightning.strategies import DDPStrategy

log = logging.getLogger(__name__)


@final
class EpochLoop:
    """Where a fit stands within its epoch, and how to end the epoch there.

    Args:
        trainer: A trainer, in a fit.
    """

    NEEDED = (
        "_should_accumulate", "_num_ready_batches_reached", "_should_check_val_fx",
        "update_lr_schedulers", "automatic_optimization", "batch_progress",
    )  # fmt: skip

    def __init__(self, trainer: pl.Trainer) -> None:
        self.trainer = trainer
        self.loop: Any = trainer.fit_loop.epoch_loop

    @property
    def known(self) -> bool:
        """Whether this Lightning has what the methods below rely on; what is missing is logged."""
        missing = [name for name in self.NEEDED if not hasattr(self.loop, name)]
        missing += [] if hasattr(self.loop.automatic_optimization, "_optimizer_step") else ["step"]
        if missing:
            log.warning("the epoch goes on: this Lightning's loop has no %s", ", ".join(missing))
        return not missing

    @property
    def place(self) -> Literal["outside", "between", "before", "inside", "after", "over"]:
        """Where the fit stands: around, ``between`` and within batches, or past an epoch's last.

        ``before`` and ``after`` are the hooks ``on_train_batch_start`` and ``..._end``, ``inside``
        what lies between them; ``over`` is ``on_train_epoch_end``.
        """
        epoch: Any = self.trainer.fit_loop.epoch_progress.current
        batch = self.loop.batch_progress.current
        # A batch at whose start the module ended the epoch was never started.
        is_skipped = batch.started < batch.ready == batch.processed
        if batch.completed < batch.ready and not is_skipped:
            # First: under `max_steps` a resumed fit trains within an epoch that counts as over.
            if batch.started < batch.ready:
                return "before"
            return "inside" if batch.processed < batch.ready else "after"
        if epoch.completed < epoch.processed:
            return "over"
        return "outside" if epoch.ready == epoch.processed else "between"

    @property
    def is_last(self) -> bool:
        """Whether the present batch is its epoch's last."""
        return bool(self.loop._num_ready_batches_reached())

    @property
    def window_is_open(self) -> bool:
        """Whether gradients of this batch wait for more before the optimizer steps."""
        is_automatic = self.trainer.lightning_module.automatic_optimization
        return bool(is_automatic and self.loop._should_accumulate())

    def make_last(self) -> None:
        """Let the present batch be its epoch's last; it has not run yet, or all is done for it."""
        self.loop.batch_progress.is_last_batch = True

    def close(self) -> None:
        """Do after the present batch what its epoch's last batch does: step and set rates.

        Where gradients were accumulated without a reduction, they are averaged first.
        """
        was_open = self.window_is_open
        self.make_last()
        if was_open:
            if isinstance(self.trainer.strategy, DDPStrategy):
                _average_gradients(self.trainer.lightning_module)
            # A closure that returns None would say that backward was skipped.
            done = torch.zeros((), device=self.trainer.strategy.root_device)
            self.loop.automatic_optimization._optimizer_step(self.loop.batch_idx, lambda: done)
            self.loop.update_lr_schedulers("step", update_plateau_schedulers=False)
        self.loop.update_lr_schedulers("epoch", update_plateau_schedulers=False)

    def decide_validation(self, validate: bool) -> None:
        """Let the next check whether to validate say ``validate``, whatever the settings are."""
        self.loop._should_check_val_fx = lambda _: validate and self.trainer.enable_validation

    def leave_validation(self) -> None:
        """Let Lightning decide again when to validate."""
        vars_of_loop: dict[str, Any] = self.loop.__dict__
        vars_of_loop.pop("_should_check_val_fx", None)

    def look_whole(self, checkpoint: dict[str, Any]) -> None:
        """Let an epoch that was cut short look in ``checkpoint`` as if it had had all its batches.

        Lightning would resume it behind the cut: it takes the batches that are over, not that the
        last was marked as the last.
        """
        loops = checkpoint.get("loops", {}).get("fit_loop", {})
        if "epoch_loop.batch_progress" not in loops:
            log.warning("a checkpoint of a cut epoch: this Lightning keeps its progress elsewhere")
            return
        progress = loops["epoch_loop.batch_progress"]
        now, num_batches = progress["current"], self.trainer.num_training_batches
        if not progress["is_last_batch"] or not now["ready"] < num_batches < float("inf"):
            return
        if now["completed"] == now["ready"] and not self._validates_at(int(num_batches)):
            # Saved in a validation that Lightning would not expect, hence behind which it would
            # train on: as saved at the end of the batch.
            now["completed"] -= 1
            progress["total"]["completed"] -= 1
        missing = int(num_batches) - now["ready"]
        for stage in now:
            now[stage] += missing

    def _validates_at(self, num_batches: int) -> bool:
        interval = self.trainer.val_check_batch
        if not interval or not self.loop._should_check_val_epoch():
            return False
        over_epochs = self.trainer.check_val_every_n_epoch is None
        return (self.loop.total_batch_idx + 1 if over_epochs else num_batches) % interval == 0


def _average_gradients(module: pl.LightningModule) -> None:
    """Average gradients over the ranks, as DDP does in the backward pass of a window's last batch.

    A parameter that some rank has no gradient for counts as zero there.
    """
    if not (dist.is_available() and dist.is_initialized()):
        return
    parameters = [p for p in module.parameters() if p.requires_grad]
    if not parameters:
        return
    has = torch.tensor([p.grad is not None for p in parameters], device=parameters[0].device)
    has = has.to(torch.uint8)
    dist.all_reduce(has, op=dist.ReduceOp.MAX)
    for parameter, anywhere in zip(parameters, has.tolist(), strict=True):
        if not anywhere:
            continue
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        dist.all_reduce(parameter.grad)
        parameter.grad /= dist.get_world_size()
