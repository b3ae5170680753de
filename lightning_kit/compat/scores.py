"""What a fit has logged, and which of its loops did."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import pytorch_lightning as pl

log = logging.getLogger(__name__)

KEPT = "logged_scores"
KINDS = ("validation", "steps", "epochs")


class LoggedKeys(NamedTuple):
    """Keys by who logs them; one may be in several.

    Attributes:
        own_validation: Of the trainer's own validations, in this process.
        own_epochs: Of training, at the end of an epoch, in this process.
        validation: Of validations on whatever loaders, before a resume too.
        steps: Of training, at its steps.
        epochs: Of training, at the end of an epoch alone.
    """

    own_validation: set[str]
    own_epochs: set[str]
    validation: set[str]
    steps: set[str]
    epochs: set[str]


_times: WeakKeyDictionary[pl.Trainer, dict[str, int]] = WeakKeyDictionary()
_aside: WeakKeyDictionary[pl.Trainer, dict[str, Any]] = WeakKeyDictionary()
_before: WeakKeyDictionary[pl.Trainer, dict[str, set[str]]] = WeakKeyDictionary()


def logged_keys(trainer: pl.Trainer) -> LoggedKeys:
    """Return the keys that this fit has logged."""
    loop = trainer.fit_loop.epoch_loop
    own = {name for on_step, on_epoch in _logged_by(loop.val_loop) for name in on_step | on_epoch}
    validation = own | times_apart(trainer).keys()
    steps: set[str] = set()
    epochs: set[str] = set()
    for on_step, on_epoch in _logged_by(loop):
        steps |= on_step
        epochs |= on_epoch
    own_epochs = set(epochs)
    if before := _before.get(trainer):
        validation, steps = validation | before["validation"], steps | before["steps"]
        epochs |= before["epochs"]
    return LoggedKeys(own, own_epochs, validation, steps, epochs - steps)


def keys_of_epochs(trainer: pl.Trainer) -> set[str]:
    """Return the keys that training logs at the end of an epoch alone."""
    return logged_keys(trainer).epochs


@contextmanager
def scores_apart(trainer: pl.Trainer) -> Iterator[None]:
    """Let a checkpoint that is saved meanwhile keep the scores of before."""
    _aside[trainer] = dict(trainer.callback_metrics)
    try:
        yield
    finally:
        del _aside[trainer]


def is_apart(trainer: pl.Trainer) -> bool:
    """Return whether the scores of the moment are those of other loaders."""
    return trainer in _aside


def note_scores_apart(trainer: pl.Trainer, keys: Iterable[str]) -> None:
    """Note that a validation logged ``keys`` which the trainer's own loop does not know of."""
    times = _times.setdefault(trainer, {})
    times.update({key: times.get(key, 0) + 1 for key in keys})


def times_apart(trainer: pl.Trainer) -> dict[str, int]:
    """Return how often a validation on other loaders has logged each key in this process."""
    return dict(_times.get(trainer, {}))


def keep_scores(trainer: pl.Trainer, checkpoint: dict[str, Any]) -> None:
    """Keep in ``checkpoint`` what is logged, and by what, once; Lightning keeps neither."""
    if KEPT not in checkpoint:
        now = _aside.get(trainer, trainer.callback_metrics)
        keys = logged_keys(trainer)
        checkpoint[KEPT] = {
            "values": {key: score.detach().cpu() for key, score in now.items()},
            "keys": {kind: sorted(getattr(keys, kind)) for kind in KINDS},
        }


def kept_scores(checkpoint: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what :func:`keep_scores` put into ``checkpoint``."""
    found: Mapping[str, Any] | None = checkpoint.get(KEPT)
    return found


def put_back_scores(trainer: pl.Trainer, kept: Mapping[str, Any]) -> None:
    """Let ``trainer`` know what :func:`kept_scores` gave, but what it has by now stays.

    Where it validates no more, what validation alone logged is left out: it would look logged.
    """
    keys = {kind: set(kept["keys"][kind]) for kind in KINDS}
    if not trainer.enable_validation:
        keys["validation"] &= keys["steps"] | keys["epochs"]
    gone = set(kept["keys"]["validation"]) - keys["validation"]
    values = {key: score for key, score in kept["values"].items() if key not in gone}
    held = trainer.callback_metrics
    for key, score in values.items():
        held.setdefault(key, score.to(trainer.strategy.root_device))
    if missing := values.keys() - trainer.callback_metrics.keys():
        log.warning("scores of before the resume are lost: %s", ", ".join(sorted(missing)))
    before = _before.setdefault(trainer, {kind: set() for kind in KINDS})
    for kind in KINDS:
        before[kind] |= keys[kind]


def _logged_by(loop: Any) -> Iterable[tuple[set[str], set[str]]]:
    """Yield the names that each ``self.log`` within ``loop`` has at a step and at an epoch's end.

    The plain name is among both, and is a step's where there is one.
    """
    results = getattr(loop, "_results", None)
    name_of = getattr(results, "_forked_name", None)
    if results is None or name_of is None:
        log.warning("no key is known by who logs it: this Lightning keeps results elsewhere")
        return
    for item in results.values():
        at_step, at_end = set(name_of(item, True)), set(name_of(item, False))
        yield at_step if item.meta.on_step else set(), at_end if item.meta.on_epoch else set()
