"""What Lightning's resume counts wrongly."""

import logging
import warnings
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loops import evaluation_loop

log = logging.getLogger(__name__)


def mend_resume(trainer: pl.Trainer) -> None:
    """Let a resumed fit count and start epochs as one that was not interrupted.

    Call it in ``on_train_start``, as often as you like. Lightning 2.6.6 goes on counting behind a
    batch that an exception broke off, though it trains it again; a fit resumed from the last batch
    of an epoch begins the next one without its ``on_train_epoch_start``; one resumed from the start
    of an epoch takes the last batch of the one before for its own, and trains one batch; under
    ``max_steps`` one resumed from the end of an epoch goes through the next without a batch; and a
    validation that was cut is left out, or goes on with the scores of its last batches alone: it is
    made again from its first batch.

    A loader that keeps its position counts the batch that was broken off as given. One with a
    method ``take_back(num_batches)``, as the kit's, gives it again; with another the batch is lost,
    as in Lightning, and the fit counts it as trained, which is logged.
    """
    fit_loop, loop = trainer.fit_loop, trainer.fit_loop.epoch_loop
    needed = [(fit_loop, "restarted_mid_epoch"), (fit_loop, "reset_restart_stage")]
    needed += [(fit_loop, "restarted_on_epoch_start"), (fit_loop, "restarted_on_epoch_end")]
    needed += [(fit_loop, "_restarting")]
    needed += [(loop, "restarting"), (loop, "_batches_that_stepped"), (loop, "_should_accumulate")]
    missing = [name for owner, name in needed if not hasattr(owner, name)]
    if missing:
        log.warning("a resume is Lightning's own: its loops have no %s", ", ".join(missing))
        return
    epochs: Any = fit_loop.epoch_progress
    epoch = epochs.current
    if fit_loop.restarted_mid_epoch and epoch.ready == epoch.processed:
        fit_loop.reset_restart_stage()
    if fit_loop.restarted_on_epoch_start or fit_loop.restarted_on_epoch_end:
        # Go on as behind an epoch that is over.
        if fit_loop.restarted_on_epoch_start:
            epochs.total.ready -= 1
        else:
            for ended in (epochs.total, epoch):
                ended.completed = ended.processed
        fit_loop.reset_restart_stage()
        # Not `restarting`: that stays true under `max_steps`.
        fit_loop._restarting = loop.restarting = False
    _repeat_cut_validation(trainer)
    _repeat_broken_batch(trainer)


def allow_validation(trainer: pl.Trainer) -> Callable[[], None]:
    """Let a fit go on that has no step left, for its last validation; return what ends that.

    Lightning 2.6.6 leaves before its first hook where ``max_steps`` is reached. Call it in
    ``on_fit_start``, and what it returns before training could go on.
    """
    loop = trainer.fit_loop.epoch_loop
    limit = loop.max_steps
    loop.max_steps = -1

    def end() -> None:
        loop.max_steps = limit

    return end


def _repeat_broken_batch(trainer: pl.Trainer) -> None:
    loop = trainer.fit_loop.epoch_loop
    progress: Any = loop.batch_progress
    if not loop.restarting:
        return
    completed = min(progress.current.ready, progress.current.processed)
    can_go_back = _taken_back(trainer, completed)
    if completed == progress.current.ready:
        return
    if not can_go_back:
        for each in (progress.current, progress.total):
            each.started = each.processed = each.completed = each.ready
        if progress.is_last_batch:
            _end_epoch(trainer)
        return
    for stage in ("ready", "started", "processed"):
        ahead = getattr(progress.current, stage) - progress.current.completed
        for each in (progress.current, progress.total):
            setattr(each, stage, getattr(each, stage) - ahead)
    progress.is_last_batch = False
    if not loop._should_accumulate():
        # Lightning takes it that the batch before had not been counted when it was saved.
        loop._batches_that_stepped -= 1


def _end_epoch(trainer: pl.Trainer) -> None:
    """Let what follows an epoch's last batch follow, though no batch is left to train.

    Lightning would ask the loader for one more, and count it to this epoch.
    """
    loop: Any = trainer.fit_loop.epoch_loop
    fetcher: Any = trainer.fit_loop._data_fetcher
    needed = [(loop, "_should_check_val_fx"), (loop, "update_lr_schedulers"), (fetcher, "done")]
    missing = [name for owner, name in needed if not hasattr(owner, name)]
    if missing:
        log.warning("an epoch goes on with one batch too many: no %s", ", ".join(missing))
        return
    with warnings.catch_warnings():
        # The optimizer did step, before the resume.
        warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
        loop.update_lr_schedulers("epoch", update_plateau_schedulers=False)
    if loop._should_check_val_fx(fetcher):
        _validate_first(loop.val_loop)
        if not loop._should_accumulate():
            # The step is counted behind the validation.
            loop._batches_that_stepped -= 1
    else:
        fetcher.done, fetcher.batches = True, []


def _taken_back(trainer: pl.Trainer, num_batches: int) -> bool:
    """Let the loaders go on behind so many batches of the epoch; False where one cannot."""
    loaders = getattr(trainer.fit_loop._combined_loader, "flattened", ())
    stateful = [each for each in loaders if hasattr(each, "load_state_dict")]
    stuck = [type(each).__name__ for each in stateful if not hasattr(each, "take_back")]
    if not stuck:
        for loader in stateful:
            loader.take_back(num_batches)
    elif num_batches < trainer.fit_loop.epoch_loop.batch_progress.current.ready:
        log.warning(
            "a batch that was broken off is not trained again: %s keeps its position and has no "
            "take_back(num_batches)", stuck[0],
        )  # fmt: skip
    return not stuck


def _repeat_cut_validation(trainer: pl.Trainer) -> None:
    loop = trainer.fit_loop.epoch_loop
    progress = loop.val_loop.batch_progress
    current = progress.current
    cut = current.ready > current.completed or (current.ready > 0 and not progress.is_last_batch)
    if not (loop.restarting and cut and _validate_first(loop.val_loop)):
        return
    for name in ("ready", "started", "processed", "completed"):
        setattr(progress.total, name, getattr(progress.total, name) - getattr(current, name))
    current.reset()


def _validate_first(val_loop: Any) -> bool:
    """Let the training loop validate, from the first batch, before it trains a batch."""
    stage = getattr(evaluation_loop, "RestartStage", None)
    if not hasattr(val_loop, "_restart_stage") or stage is None:
        log.warning("a cut validation is resumed as Lightning does: its loop has no _restart_stage")
        return False
    val_loop.restarting = False
    # The training loop asks it whether to go back to a validation before the next batch.
    val_loop._restart_stage = stage.RESTARTED_MID_EVALUATION
    return True
