"""One epoch of training: the batches, with the hooks that somebody overrides."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, final

from pytorch_lightning.loops.fetchers import _DataFetcher
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.trainer import call
from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_kit.loops.automatic import LeanAutomaticOptimization
from lightning_kit.loops.fetch import fetch_of
from lightning_kit.loops.log import installed
from lightning_kit.loops.manual import direct_calls
from lightning_kit.loops.plan import Plan
from lightning_kit.loops.reasons import why_not
from lightning_kit.loops.watch import Watch

log = logging.getLogger(__name__)
NAME = "[_TrainingEpochLoop].train_dataloader_next"


def _nothing() -> Any:
    """Stand for what fetches between two epochs."""
    raise StopIteration


@final
class LeanTrainingEpochLoop(_TrainingEpochLoop):
    """Lightning's epoch of training, without what has no effect in this run."""

    plan: Plan | None = None
    given: ExitStack
    fetch: Callable[[], Any] = staticmethod(_nothing)
    automatic_optimization: LeanAutomaticOptimization

    def run(self, data_fetcher: _DataFetcher) -> None:
        reason = why_not(self, data_fetcher)
        if reason is not None:
            log.info("the loop is Lightning's own: %s", reason)
            super().run(data_fetcher)
            return
        self.plan = self.automatic_optimization.plan = Plan(self.trainer)
        try:
            with ExitStack() as self.given:
                self._give(self.plan)
                super().run(data_fetcher)
        finally:
            self._leave()
            self.fetch = _nothing

    def _give(self, plan: Plan) -> None:
        self.given.enter_context(installed(self.trainer))
        self.given.enter_context(direct_calls(self.trainer))
        plan.watch = Watch(self.trainer, self)

    def _leave(self) -> None:
        self.plan = self.automatic_optimization.plan = None

    def _look_again(self, plan: Plan, data_fetcher: _DataFetcher) -> None:
        """Heed what was put in place of a part; what only Lightning's run heeds ends this one."""
        if self.plan is None or not plan.watch.is_out_of_date:
            return
        self.given.close()
        reason = why_not(self, data_fetcher)
        plan.renew()
        if reason is None:
            self._give(plan)
        else:
            log.info("from here on the loop is Lightning's own: %s", reason)
            self._leave()

    def on_run_start(self, data_fetcher: _DataFetcher) -> None:
        super().on_run_start(data_fetcher)
        if self.plan is not None:
            self.fetch = fetch_of(data_fetcher)

    def advance(self, data_fetcher: _DataFetcher) -> None:
        plan = self.plan
        if plan is None or self._restarting:
            super().advance(data_fetcher)
            return
        if self.val_loop._restarting:
            self.val_loop.restarting = False
        if plan.agrees is not None:
            plan.agrees()
        batch, batch_idx = self._next(plan, data_fetcher)
        output, is_cut = self._train(plan, batch, batch_idx, data_fetcher)
        progress: Any = self.batch_progress
        total, current = progress.total, progress.current
        total.processed += 1
        current.processed += 1
        if self.trainer.lr_scheduler_configs or self.plan is None:
            self.update_lr_schedulers("step", update_plateau_schedulers=False)
            if self._num_ready_batches_reached():
                self.update_lr_schedulers("epoch", update_plateau_schedulers=False)
        if is_cut:
            raise StopIteration
        plan.on_train_batch_end(output, batch, batch_idx)
        self._look_again(plan, data_fetcher)
        connector: Any = self.trainer._logger_connector
        if self.plan is None:
            connector.on_batch_end()
        else:
            connector.batch_has_ended(self._results)
        total.completed += 1
        current.completed += 1
        if self.plan is None:
            connector.update_train_step_metrics()
        else:
            self._log_step(connector)

    def _next(self, plan: Plan, data_fetcher: _DataFetcher) -> tuple[Any, int]:
        """Fetch a batch, move it, and let the logger know of it."""
        batch = self.fetch()
        progress: Any = self.batch_progress
        batch_idx: int = progress.current.ready
        progress.is_last_batch = data_fetcher.done
        batch = plan.transfer(batch, 0)
        progress.total.ready += 1
        progress.current.ready += 1
        connector: Any = self.trainer._logger_connector
        connector._first_loop_iter = connector._first_loop_iter is None
        results = self._results
        results.batch = batch
        results.batch_size = None
        results.dataloader_idx = None
        return batch, batch_idx

    def _train(
        self, plan: Plan, batch: Any, batch_idx: int, data_fetcher: _DataFetcher
    ) -> tuple[Any, bool]:
        """Return what callbacks are given of the batch, and whether the epoch ends before it."""
        if batch is None:
            self._warning_cache.warn(
                "train_dataloader yielded None. If this was on purpose, ignore this warning..."
            )
            return None, False
        progress: Any = self.batch_progress
        is_cut = plan.on_train_batch_start(batch, batch_idx) == -1
        if plan.strategy_starts is not None:
            plan.strategy_starts(batch, batch_idx)
        if is_cut:
            progress.increment_by(0, is_last_batch=True)
            return None, True
        progress.total.started += 1
        progress.current.started += 1
        self._look_again(plan, data_fetcher)
        return plan.run(self, batch, batch_idx), False

    def _log_step(self, connector: Any) -> None:
        trainer = self.trainer
        every = trainer.log_every_n_steps
        logs = every and (self._batches_that_stepped + 1) % every == 0
        if logs or trainer.should_stop or trainer.fast_dev_run:
            connector.update_train_step_metrics()

    def on_advance_end(self, data_fetcher: _DataFetcher) -> None:
        plan = self.plan
        if plan is None or self._skip_next_val:
            super().on_advance_end(data_fetcher)
            return
        trainer = self.trainer
        if self._should_check_val_fx(data_fetcher):
            self._validate()
            self._look_again(plan, data_fetcher)
        is_lean = self.plan is not None
        if trainer.lr_scheduler_configs or not is_lean:
            self.update_lr_schedulers("step", update_plateau_schedulers=True)
        if (trainer.accumulate_grad_batches == 1 and is_lean) or not self._should_accumulate():
            self._batches_that_stepped += 1
        if trainer.should_stop or not is_lean:
            self._save_loggers_on_train_batch_end()
        if trainer.received_sigterm and not self._is_training_done:
            raise SIGTERMException

    def _validate(self) -> None:
        trainer = self.trainer
        connector: Any = trainer._logger_connector
        trainer.validating = True
        first = connector._first_loop_iter
        if not self._should_accumulate():
            call._call_lightning_module_hook(trainer, "on_validation_model_zero_grad")
        self.val_loop.run()
        trainer.training = True
        connector._first_loop_iter = first

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
