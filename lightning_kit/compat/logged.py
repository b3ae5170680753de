"""What Lightning logs, and under which step."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import pytorch_lightning as pl
from torch import Tensor

log = logging.getLogger(__name__)

_times: WeakKeyDictionary[pl.Trainer, dict[str, int]] = WeakKeyDictionary()


def logs_this_batch(trainer: pl.Trainer) -> bool:
    """Return whether Lightning hands this training batch's values to the loggers.

    It is the same on all ranks, which Lightning's own answer is not: that reads ``should_stop``.
    """
    every = trainer.log_every_n_steps  # type: ignore[attr-defined]
    stepped = getattr(trainer.fit_loop.epoch_loop, "_batches_that_stepped", None)
    if stepped is None:
        log.warning("logging by the count of batches: this Lightning does not count its log steps")
        stepped = trainer.fit_loop.total_batch_idx
    return bool(every) and (stepped + 1) % every == 0


def keys_of_validation(trainer: pl.Trainer) -> set[str]:
    """Return the keys that the trainer's own validations have logged and training has not."""
    loop: Any = trainer.fit_loop.epoch_loop
    found: list[set[str]] = []
    for results in (getattr(loop.val_loop, "_results", None), getattr(loop, "_results", None)):
        name_of = getattr(results, "_forked_name", None)
        if results is None or name_of is None:
            log.warning("no key is known as validation's: this Lightning keeps results elsewhere")
            return set()
        found.append({name for item in results.values() for name in name_of(item, False)})
    return found[0] - found[1]


def note_scores_apart(trainer: pl.Trainer, keys: Iterable[str]) -> None:
    """Note that a validation logged ``keys`` which the trainer's own loop does not know of."""
    times = _times.setdefault(trainer, {})
    times.update({key: times.get(key, 0) + 1 for key in keys})


def times_apart(trainer: pl.Trainer) -> dict[str, int]:
    """Return how often this process has logged each key that came from another loop's validation.

    That loop is one on other loaders, or the trainer's own before a resume, which counts as never.
    """
    return dict(_times.get(trainer, {}))


def put_back_scores(trainer: pl.Trainer, scores: Mapping[str, Tensor]) -> bool:
    """Let ``trainer.callback_metrics`` hold ``scores`` where it lacks them; return whether it does.

    Lightning keeps no scores in a checkpoint. From now on their keys are known as validation's.
    """
    times = _times.setdefault(trainer, {})
    held = trainer.callback_metrics
    for key, score in scores.items():
        times.setdefault(key, 0)
        held.setdefault(key, score.to(trainer.strategy.root_device))
    if missing := scores.keys() - trainer.callback_metrics.keys():
        log.warning("scores of before the resume are lost: %s", ", ".join(sorted(missing)))
    return not missing


def keys_of_epochs(trainer: pl.Trainer) -> set[str]:
    """Return the keys that training has logged at the end of an epoch alone."""
    loop: Any = trainer.fit_loop.epoch_loop
    results = getattr(loop, "_results", None)
    name_of = getattr(results, "_forked_name", None)
    if results is None or name_of is None:
        log.warning("no key is known as an epoch's: this Lightning keeps results elsewhere")
        return set()
    each_step, others = (
        {name for item in results.values() if item.meta.on_step is on for name in name_of(item, on)}
        for on in (True, False)
    )
    return others - each_step


def logged_step(trainer: pl.Trainer) -> int:
    """Return the step under which Lightning logs: batches that ended in an optimizer step."""
    step = getattr(trainer.fit_loop.epoch_loop, "_batches_that_stepped", None)
    return trainer.global_step if step is None else int(step)
