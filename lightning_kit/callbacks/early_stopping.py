"""Lightning's EarlyStopping with Ignite's choices, and with its faults mended."""

import logging
from collections.abc import Mapping
from typing import Any, Literal, final

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks.early_stopping import EarlyStoppingReason
from pytorch_lightning.strategies import DDPStrategy, DeepSpeedStrategy, SingleDeviceStrategy
from torch import nn

from lightning_kit.callbacks.best_weights import BestWeights
from lightning_kit.callbacks.early_stopping_judge import EarlyStoppingJudge
from lightning_kit.callbacks.early_stopping_options import CheckOn, EarlyStoppingOptions
from lightning_kit.callbacks.fresh_scores import FreshScores
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.last_outputs import ScoreFunction, note_outputs
from lightning_kit.callbacks.owed_hooks import OwedHooks
from lightning_kit.callbacks.unlogged_key import UnloggedKey
from lightning_kit.callbacks.validated_module import validated_module
from lightning_kit.compat import (
    Hook,
    keep_scores,
    kept_scores,
    keys_of_epochs,
    mend_resume,
    put_back_scores,
    refuse_twin,
)
from lightning_kit.meters.event_filter import EventFilter
from lightning_kit.meters.plateau import DeltaMode, NonFinite
from lightning_kit.meters.plateaus import Combine
from lightning_kit.runs.stopping import can_stop, stop

log = logging.getLogger(__name__)

ELSEWHERE = "EarlyStopping of {} said so on another rank"


@final
class EarlyStopping(pl.callbacks.EarlyStopping):
    """Stop when a score has stopped improving.

    Without an option that Lightning's lacks, decisions are Lightning's to the bit; with one, a
    :class:`lightning_kit.meters.Plateau` decides, in float64. Always mended:

    - A verdict before ``min_epochs`` and ``min_steps`` are met stands only until the next check,
      which takes it again; Lightning stops on it for good
      (https://github.com/Lightning-AI/pytorch-lightning/issues/19966).
    - After a resume ``patience`` is this run's, the count of checks the checkpoint's.
    - A score that the last validation left is not judged again where an epoch ended without one.
    - A check that another callback's checkpoint was saved ahead of is made as the fit resumes, and
      scores that are kept between checks are the checkpoint's. Only a ``score_function`` that
      needs the last batch's outputs has none to make it from. A stop so found lets one more batch
      train, where the epoch is not over.
    - The reason reaches ``run.json``, also when it arose on another rank.

    Where an option below asks for more than Lightning's, another fit with the same object starts
    afresh; without one it goes on counting, as Lightning's does.

    A checkpoint of Lightning's own EarlyStopping with the same monitor and mode loads, and the
    other way round.

    Args:
        monitor: Key that is logged, or several.
        min_delta: What counts as better, at least 0 where an option below is given.
        patience: Checks without a better score after which to stop; 0 acts as 1.
        verbose: Whether to log each verdict.
        mode: Whether lower (``min``, the default) or higher (``max``) is better; for several
            monitors one for all or a list.
        strict: Whether a key that was not logged is an error, else the check is left out.
        check_finite: Whether NaN or infinity stops, the default.
        stopping_threshold: Stop once the score is better than this.
        divergence_threshold: Stop once the score is worse than this.
        check_on_train_epoch_end: Check when an epoch ends (True) or after each validation (False);
            by default the first where validation runs once an epoch.
        log_rank_zero_only: Whether only rank 0 logs verdicts.
        delta_mode: ``abs``, or ``rel``: ``min_delta`` times the size of the best score.
        cumulative: Whether small gains add up (the default) or each is measured from the last
            score that gained at all, as Ignite does.
        start_after: Checks at the start that are not counted, nor looked at.
        nan: What a score that is not finite does: ``stop``, ``count`` as no gain, or ``ignore``.
        restore_best: Whether the module holds its best weights again once ``fit`` returns. They
            are a copy in main memory of what was scored (of the average, where validation swaps
            one in, whatever that would leave at the end), taken at each new best (of any size;
            rank 0's score decides), and kept in checkpoints so that a resumed run has them. The
            trainer's own checkpoints are never of mixed state: weights come back after the last.
        check_on: ``validation``, ``epoch`` or ``step``: after each training batch that ``filter``
            picks, where a score of validation, or one that is logged once an epoch, is looked at
            once each time.
        filter: Which epochs (for ``step``: iterations) to check in.
        combine: Whether ``any`` (the default) or ``all`` of several monitors must have stopped
            improving.
        score_function: Gives the score instead of ``monitor``; see
            :func:`lightning_kit.callbacks.last_outputs.last_outputs` for the last batch's output.
        preset: ``ignite``: ``cumulative`` False and ``mode`` ``max`` where not given.

    Raises:
        ValueError: If neither or both of ``monitor`` and ``score_function`` are given, an argument
            is out of range or would have no effect, or two say the same thing.
        UnloggedKey: At the first check that counts, if a key was not logged, with those that were,
            once an epoch ended, and a validation where one may come; a ValueError and a
            RuntimeError.

    Example:
        >>> stopping = EarlyStopping("val/loss", patience=5, min_delta=0.01, delta_mode="rel")
    """

    def __init__(
        self,
        monitor: str | list[str] | None = None,
        min_delta: float = 0.0,
        patience: int = 3,
        verbose: bool = False,
        mode: str | list[str] | None = None,
        strict: bool = True,
        check_finite: bool | None = None,
        stopping_threshold: float | None = None,
        divergence_threshold: float | None = None,
        check_on_train_epoch_end: bool | None = None,
        log_rank_zero_only: bool = False,
        *,
        delta_mode: DeltaMode = "abs",
        cumulative: bool | None = None,
        start_after: int = 0,
        nan: NonFinite | None = None,
        restore_best: bool = False,
        check_on: CheckOn | None = None,
        filter: EventFilter | None = None,
        combine: Combine | None = None,
        score_function: ScoreFunction | None = None,
        preset: Literal["ignite"] | None = None,
    ) -> None:
        options = EarlyStoppingOptions(
            monitor=monitor,
            score_function=score_function,
            mode=mode,
            min_delta=min_delta,
            patience=patience,
            delta_mode=delta_mode,
            cumulative=cumulative,
            nan=nan,
            check_finite=check_finite,
            stopping_threshold=stopping_threshold,
            divergence_threshold=divergence_threshold,
            check_on_train_epoch_end=check_on_train_epoch_end,
            check_on=check_on,
            start_after=start_after,
            restore_best=restore_best,
            filter=filter,
            combine=combine,
            preset=preset,
        )
        super().__init__(
            monitor=options.names[0],
            min_delta=min_delta,
            patience=patience,
            verbose=verbose,
            mode=options.modes[0],
            strict=strict,
            check_finite=check_finite is not False,
            stopping_threshold=stopping_threshold,
            divergence_threshold=divergence_threshold,
            check_on_train_epoch_end=None if check_on is None else check_on == "epoch",
            log_rank_zero_only=log_rank_zero_only,
        )
        if check_on_train_epoch_end is not None:
            self._check_on_train_epoch_end = check_on_train_epoch_end
        self.monitors = [] if score_function is not None else options.names
        if score_function is not None or len(self.monitors) > 1:
            # What is watched is no single key; the command line looks at `monitors`.
            self.monitor = None if score_function is not None else options.names  # type: ignore[assignment]
        self.start_after = start_after
        self.check_on = check_on
        self.filter = EventFilter.given(filter) or EventFilter()
        self.score_function = score_function
        self.names = options.names
        self.modes = options.modes
        asks_for_more = options.asks_for_more_than_the_parent
        self.judge = EarlyStoppingJudge(options) if asks_for_more else None
        self.best = BestWeights(options.modes[0]) if restore_best else None
        self.num_checks = 0
        self._is_due = False
        self._fresh, self._owed = FreshScores(), OwedHooks()
        self._kept: Mapping[str, Any] | None = None
        self._told: set[str] = set()
        self._verdict: str | None = None

    @property
    def state_key(self) -> str:
        key: dict[str, Any] = {"monitor": self.monitor, "mode": self.mode}
        if len(self.names) > 1:
            key = {"monitor": self.names, "mode": self.modes}
        elif self.score_function is not None:
            key = {"score": self.names[0], "mode": self.mode}
        if self.check_on is not None:
            key["check_on"] = self.check_on
        return self._generate_state_key(**key)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        if self.best is not None:
            _refuse_sharded(trainer)
        self._verdict = None
        self._is_abandoned = False
        if stage == "fit":
            # Lightning forgets the logged values of an earlier fit, and goes on counting.
            self._fresh, self._owed = FreshScores(), OwedHooks()
            self._told, self._is_due = set(), False
            if trainer.fit_loop.total_batch_idx < 0:
                self._start_afresh()
        super().setup(trainer, pl_module, stage)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)
        self._fresh.started(trainer)
        if self._kept is not None:
            put_back_scores(trainer, self._kept)
            self._kept = None
        self._owed.settle(
            trainer,
            {
                "step": lambda: self._check_in("step", trainer),
                "validation": lambda: self._check_in("validation", trainer),
                "epoch": lambda: self.on_train_epoch_end(trainer, pl_module),
            },
        )

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        # A verdict on what was owed; before the first batch it would leave out the epoch's end.
        self._act(trainer)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if self.score_function is not None:
            note_outputs(trainer, pl_module, outputs)
        if not self._is_abandoned:
            self._check_in("step", trainer)
        self._is_abandoned = False
        self._act(trainer)

    def on_batch_abandoned(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave out the check of a batch that has no score."""
        self._is_abandoned = True

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Another callback may save a checkpoint before this one's `on_validation_end`.
        if not self._should_skip_check(trainer):
            self._fresh.validated()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not self._should_skip_check(trainer):
            self._check_in("validation", trainer)
            self._act(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._fresh.epoch_ended(trainer, is_owed=self._owed.is_settling)
        self._check_in("epoch", trainer)
        if self._checks_in != "epoch" and not getattr(trainer, "fast_dev_run", False):
            self._tell_of_keys(trainer)
        self._act(trainer)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.best is not None:
            self.best.give_back(pl_module)

    def state_dict(self) -> dict[str, Any]:
        state = super().state_dict()
        if self.judge is not None:
            state |= {"num_checks": self.num_checks, **self.judge.state_dict()}
        if self.best is not None:
            state["best"] = self.best.state_dict()
        return state

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        keep_scores(trainer, checkpoint)
        is_due = "validation" in self._owed.owed(trainer)
        checkpoint["callbacks"][self.state_key] |= {
            "scores": self._fresh.state(trainer, in_validation=is_due),
            "hooks": self._owed.state(trainer),
        }

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._kept = kept_scores(checkpoint)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if "scores" in state_dict:
            self._fresh.restore(state_dict["scores"])
            self._owed.restore(state_dict["hooks"])
        super().load_state_dict({**state_dict, "patience": self.patience})
        self.num_checks = state_dict.get("num_checks", 0)
        if self.judge is not None:
            self.judge.load_state_dict(state_dict)
        if self.best is not None and "best" in state_dict:
            self.best.load_state_dict(state_dict["best"])

    @property
    def _checks_in(self) -> Hook:
        if self.check_on == "step":
            return "step"
        return "epoch" if self._check_on_train_epoch_end else "validation"

    def _check_in(self, hook: Hook, trainer: pl.Trainer) -> None:
        """Make the check if it is due in ``hook``."""
        if hook == self._checks_in or hook == "epoch":
            self._owed.had(trainer, hook)
        if hook == self._checks_in:
            self._run_early_stopping_check(trainer)

    def _run_early_stopping_check(self, trainer: pl.Trainer) -> None:
        if getattr(trainer, "fast_dev_run", False) or not self.filter.matches(self._count(trainer)):
            return
        self._is_due = self.num_checks >= self.start_after
        if self._fresh.are_stale(trainer, self.monitors, by_step=self.check_on == "step"):
            return
        needs_key = self._is_due or not self.strict
        if needs_key and not self._validate_condition_metric(trainer.callback_metrics):
            return
        self._fresh.taken(trainer)
        self.num_checks += 1
        if not self._is_due:
            return
        mine, reason = self._judge(trainer)
        if self.verbose and reason is not None:
            self._log_info(trainer, reason, self.log_rank_zero_only)
        if trainer.strategy.reduce_boolean_decision(mine, all=False):
            self.stopped_epoch = trainer.current_epoch
            self.stopping_reason_message = (
                reason if mine else ELSEWHERE.format(", ".join(self.names))
            )
            self._verdict = self.stopping_reason_message
        else:
            self.stopped_epoch, self._verdict = 0, None
            self.stopping_reason = EarlyStoppingReason.NOT_STOPPED
            self.stopping_reason_message = None

    def _act(self, trainer: pl.Trainer) -> None:
        """Stop on the latest verdict, once the trainer can."""
        if self._verdict is not None and can_stop(trainer):
            stop(trainer, self._verdict.partition(". Signaling")[0])
            self._verdict = None

    def _count(self, trainer: pl.Trainer) -> int:
        if self.check_on == "step":
            return iteration(trainer)
        return trainer.current_epoch + 1

    def _tell_of_keys(self, trainer: pl.Trainer) -> None:
        """Say that a key is never logged, or never within an epoch where another one is."""
        if self._is_due and self._fresh.are_all_known(trainer, self.monitors):
            self._validate_condition_metric(trainer.callback_metrics)
        if self.check_on != "step":
            return
        rare = keys_of_epochs(trainer) - self._told
        for name in rare.intersection(self.monitors):
            log.info(
                "EarlyStopping checks %s once an epoch, when it is logged%s",
                name,
                _of_steps(name, trainer.callback_metrics),
            )
        self._told |= rare

    def _validate_condition_metric(self, logs: dict[str, torch.Tensor]) -> bool:
        given = self.monitor
        try:
            for name in self.monitors:
                self.monitor = name
                if not super()._validate_condition_metric(logs):
                    return False
        except RuntimeError as error:
            raise UnloggedKey(f"{error}{_of_steps(str(self.monitor), logs)}") from error
        finally:
            self.monitor = given
        return True

    def _judge(self, trainer: pl.Trainer) -> tuple[bool, str | None]:
        """Return this rank's verdict, and why, or what improved."""
        if self.judge is None:
            score = trainer.callback_metrics[self.monitors[0]].squeeze()
            return self._evaluate_stopping_criteria(score)
        scores = self._scores(trainer)
        if self.best is not None:
            is_best = self.best.beaten_by(scores[0])
            # Weights are the same on all ranks, scores need not be.
            if trainer.strategy.broadcast(is_best):
                self.best.take(scores[0], self._scored_module(trainer))
        self.stopping_reason, why = self.judge.judge(scores)
        self.wait_count = self.judge.num_stale
        self.best_score = torch.tensor(self.judge.best, dtype=torch.float64)
        return self.stopping_reason != EarlyStoppingReason.NOT_STOPPED, why

    def _scored_module(self, trainer: pl.Trainer) -> nn.Module:
        """Return the module whose weights got the score."""
        if self.score_function is not None:
            of_validation = self.check_on != "step" and trainer.enable_validation
        else:
            of_validation = self._fresh.are_of_validation(trainer, self.monitors)
        if of_validation or trainer.validating:
            return validated_module(trainer)
        return trainer.lightning_module

    def _start_afresh(self) -> None:
        """Forget an earlier fit; a checkpoint is loaded later."""
        if self.judge is None:
            return
        self.judge.reset()
        if self.best is not None:
            self.best.reset()
        self.num_checks = self.wait_count = self.stopped_epoch = 0
        self.best_score = torch.tensor(self.judge.best)
        self.stopping_reason, self.stopping_reason_message = EarlyStoppingReason.NOT_STOPPED, None

    def _scores(self, trainer: pl.Trainer) -> list[float]:
        if self.score_function is not None:
            return [float(self.score_function(trainer, trainer.lightning_module))]
        logs = trainer.callback_metrics
        return [float(logs[monitor]) for monitor in self.monitors]


def _of_steps(name: str, logs: dict[str, torch.Tensor]) -> str:
    return f"; {name}_step is logged at each step" if f"{name}_step" in logs else ""


def _refuse_sharded(trainer: pl.Trainer) -> None:
    strategy = trainer.strategy
    whole = isinstance(strategy, SingleDeviceStrategy | DDPStrategy)
    if not whole or isinstance(strategy, DeepSpeedStrategy):
        raise ValueError(
            f"restore_best needs whole weights on every rank, and {type(strategy).__name__} deals "
            "them out: leave it out and load the best checkpoint"
        )
