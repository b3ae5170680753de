"""Validation and test: the batches, with the hooks that somebody overrides."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, final

from pytorch_lightning.loops.evaluation_loop import _EvaluationLoop
from pytorch_lightning.utilities.exceptions import SIGTERMException
from pytorch_lightning.utilities.signature_utils import is_param_in_hook_signature

from lightning_kit.loops.hooks import Hook
from lightning_kit.loops.log import installed
from lightning_kit.loops.module_step import module_step_of
from lightning_kit.loops.reasons import why_not
from lightning_kit.loops.results import LeanResults
from lightning_kit.loops.spans import spans_of
from lightning_kit.loops.transfer import transfer_of
from lightning_kit.loops.watch import Watch

log = logging.getLogger(__name__)


@final
class LeanEvaluationLoop(_EvaluationLoop):
    """Lightning's evaluation, without what has no effect in this run."""

    plan: "_Plan | None" = None
    is_covered = False
    given: ExitStack

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._results = LeanResults(training=False)

    def run(self) -> list[Any]:
        reason = why_not(self, None)
        found: list[Any]
        if reason is not None:
            log.info("the loop is Lightning's own: %s", reason)
            found = super().run()
            return found
        self.is_covered = True
        try:
            with ExitStack() as self.given:
                self.given.enter_context(installed(self.trainer))
                found = super().run()
                return found
        finally:
            self.plan, self.is_covered = None, False

    def on_run_start(self) -> None:
        if self.is_covered:
            reason = why_not(self, self._data_fetcher)
            if reason is None:
                self.plan = _Plan(self)
            else:
                log.info("the loop is Lightning's own: %s", reason)
        super().on_run_start()

    def _look_again(self, plan: "_Plan") -> "_Plan":
        """Heed what was put in place of a part; what only Lightning's run heeds ends this one."""
        if self.plan is None or not plan.watch.is_out_of_date:
            return plan
        reason = why_not(self, self._data_fetcher)
        new = _Plan(self)
        if reason is None:
            self.plan = new
        else:
            log.info("from here on the loop is Lightning's own: %s", reason)
            self.plan = None
            self.given.close()
        return new

    def _evaluation_step(
        self, batch: Any, batch_idx: int, dataloader_idx: int, dataloader_iter: Iterator[Any] | None
    ) -> None:
        plan = None if self.plan is None else self._look_again(self.plan)
        if plan is None or self.plan is None:
            super()._evaluation_step(batch, batch_idx, dataloader_idx, dataloader_iter)
            return
        trainer, results = self.trainer, self._results
        batch = plan.transfer(batch, dataloader_idx)
        progress: Any = self.batch_progress
        total, current = progress.total, progress.current
        total.ready += 1
        current.ready += 1
        index = dataloader_idx if plan.is_indexed else None
        trainer._logger_connector.on_batch_start(batch, index)
        arguments = (batch, batch_idx) if index is None else (batch, batch_idx, index)
        plan.on_batch_start(*arguments)
        total.started += 1
        current.started += 1
        plan = self._look_again(plan)
        output = plan.step(*(arguments if plan.takes_index else (batch, *arguments[2:])))
        total.processed += 1
        current.processed += 1
        plan.on_batch_end(output, *arguments)
        self._look_again(plan)
        # Nothing is read of a batch whose values all wait for the end.
        reads = (
            self.plan is None
            or "log_metrics" in vars(trainer._logger_connector)
            or any(metric.meta.on_step for metric in results.values())
        )
        if reads:
            trainer._logger_connector.on_batch_end()
        else:
            results.batch = None
            results.batch_size = None
        total.completed += 1
        current.completed += 1
        if not trainer.sanity_checking:
            self._has_run = True
            if reads:
                seen = self._seen_batches_per_dataloader[dataloader_idx]
                trainer._logger_connector.update_eval_step_metrics(seen)
            self._seen_batches_per_dataloader[dataloader_idx] += 1
        if not progress.is_last_batch and trainer.received_sigterm:
            raise SIGTERMException

    def _on_before_fetch(self) -> None:
        name = f"[_EvaluationLoop].{self._stage.dataloader_prefix}_next"
        if self.plan is None or name in self.plan.spans:
            vars(self.trainer)["profiler"].start(name)

    def _on_after_fetch(self) -> None:
        name = f"[_EvaluationLoop].{self._stage.dataloader_prefix}_next"
        if self.plan is None or name in self.plan.spans:
            vars(self.trainer)["profiler"].stop(name)


@final
class _Plan:
    """The parts of an evaluation step of one run."""

    def __init__(self, loop: LeanEvaluationLoop) -> None:
        trainer = loop.trainer
        stage = "test" if trainer.testing else "validation"
        self.watch = Watch(trainer, loop)
        self.spans = spans_of(trainer)
        self.transfer = transfer_of(trainer)
        self.step = module_step_of(trainer, f"{stage}_step")
        self.on_batch_start = Hook(trainer, f"on_{stage}_batch_start")
        self.on_batch_end = Hook(trainer, f"on_{stage}_batch_end")
        self.is_indexed = loop._is_sequential and loop.num_dataloaders > 1
        function = getattr(trainer.lightning_module, f"{stage}_step")
        self.takes_index = is_param_in_hook_signature(function, "batch_idx", min_args=2)
