"""One epoch of training: the batches, with the hooks that somebody overrides."""

import logging
from collections.abc import Callable
from typing import Any, final

from pytorch_lightning.loops.fetchers import _DataFetcher
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_kit.loops.fetch import fetch_of
from lightning_kit.loops.log import installed
from lightning_kit.loops.manual import direct_calls
from lightning_kit.loops.plan import Plan
from lightning_kit.loops.reasons import why_not

log = logging.getLogger(__name__)
NAME = "[_TrainingEpochLoop].train_dataloader_next"


@final
class LeanTrainingEpochLoop(_TrainingEpochLoop):
    """Lightning's epoch of training, without what has no effect in this run."""

    plan: Plan | None = None
    fetch: Callable[[], Any]

    def run(self, data_fetcher: _DataFetcher) -> None:
        reason = why_not(self, data_fetcher)
        if reason is not None:
            log.info("the loop is Lightning's own: %s", reason)
            super().run(data_fetcher)
            return
        self.plan = Plan(self.trainer)
        try:
            with installed(self.trainer), direct_calls(self.trainer):
                super().run(data_fetcher)
        finally:
            self.plan = None

    def on_run_start(self, data_fetcher: _DataFetcher) -> None:
        super().on_run_start(data_fetcher)
        self.fetch = fetch_of(data_fetcher)

    def advance(self, data_fetcher: _DataFetcher) -> None:
        plan = self.plan
        if plan is None or self._restarting:
            super().advance(data_fetcher)
            return
        if self.val_loop._restarting:
            self.val_loop.restarting = False
        trainer, results = self.trainer, self._results
        if plan.agrees is not None:
            plan.agrees()
        batch = self.fetch()
        progress: Any = self.batch_progress
        total, current = progress.total, progress.current
        batch_idx = current.ready
        progress.is_last_batch = data_fetcher.done
        batch = plan.transfer(batch, 0)
        total.ready += 1
        current.ready += 1
        connector: Any = trainer._logger_connector
        connector._first_loop_iter = connector._first_loop_iter is None
        results.batch = batch
        results.batch_size = None
        results.dataloader_idx = None

        output: Any = None
        is_cut = False
        if batch is None:
            self._warning_cache.warn(
                "train_dataloader yielded None. If this was on purpose, ignore this warning..."
            )
        elif plan.on_train_batch_start(batch, batch_idx) == -1:
            is_cut = True
            progress.increment_by(0, is_last_batch=True)
        else:
            total.started += 1
            current.started += 1
            output = plan.run(self, batch, batch_idx)
        total.processed += 1
        current.processed += 1
        if trainer.lr_scheduler_configs:
            self.update_lr_schedulers("step", update_plateau_schedulers=False)
            if self._num_ready_batches_reached():
                self.update_lr_schedulers("epoch", update_plateau_schedulers=False)
        if is_cut:
            raise StopIteration
        plan.on_train_batch_end(output, batch, batch_idx)
        connector.batch_has_ended(results)
        total.completed += 1
        current.completed += 1
        every = trainer.log_every_n_steps
        logs = every and (self._batches_that_stepped + 1) % every == 0
        if logs or trainer.should_stop or trainer.fast_dev_run:
            connector.update_train_step_metrics()

    def on_advance_end(self, data_fetcher: _DataFetcher) -> None:
        if self.plan is None or self._skip_next_val or self._should_check_val_fx(data_fetcher):
            super().on_advance_end(data_fetcher)
            return
        trainer = self.trainer
        if trainer.lr_scheduler_configs:
            self.update_lr_schedulers("step", update_plateau_schedulers=True)
        if trainer.accumulate_grad_batches == 1 or not self._should_accumulate():
            self._batches_that_stepped += 1
        if trainer.should_stop:
            self._save_loggers_on_train_batch_end()
        if trainer.received_sigterm and not self._is_training_done:
            raise SIGTERMException

    @property
    def _is_training_done(self) -> bool:
        # Without a limit of steps nobody needs their number.
        return (
            self._num_ready_batches_reached() if self.max_steps == -1 else super()._is_training_done
        )

    def _should_check_val_fx(self, data_fetcher: _DataFetcher) -> bool:
        trainer, progress = self.trainer, self.batch_progress
        timed = trainer._val_check_time_interval is not None
        if not (self.plan is None or progress.is_last_batch or trainer.should_stop or timed):
            interval = trainer.val_check_batch
            over_epochs = trainer.check_val_every_n_epoch is None
            ready = (progress.total if over_epochs else progress.current).ready
            if type(interval) is int and ready % interval:
                return False
        return super()._should_check_val_fx(data_fetcher)

    def _broadcast_sigterm_tensor(self) -> None:
        if self.plan is None or self.plan.agrees is None:
            super()._broadcast_sigterm_tensor()
        else:
            self.plan.agrees()

    def _on_before_fetch(self) -> None:
        if self.plan is None or NAME in self.plan.spans:
            self.trainer.profiler.start(NAME)

    def _on_after_fetch(self) -> None:
        if self.plan is None or NAME in self.plan.spans:
            self.trainer.profiler.stop(NAME)
