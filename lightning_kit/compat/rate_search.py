"""Lightning's search for a learning rate, with other classes than its own."""

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl

log = logging.getLogger(__name__)


def _protected(module: str, name: str) -> Any:
    """Return what ``module`` has under ``name``, None where it has no such thing."""
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


_SEARCH = "pytorch_lightning.tuner.lr_finder"


if TYPE_CHECKING:
    from pytorch_lightning.tuner.lr_finder import _LRCallback, _LRFinder

    RateCurve = _LRCallback
    RateSearch = _LRFinder
else:
    # What stands in for them is never used: who would is refused by `refuse_missing_search`.
    RateSearch = _protected(_SEARCH, "_LRFinder") or object
    RateCurve = _protected(_SEARCH, "_LRCallback") or pl.Callback


def refuse_missing_search(options: str) -> None:
    """Raise ValueError where this Lightning lacks the rate search that ``options`` change."""
    missing = [
        name
        for name in ("_lr_find", "_LRFinder", "_LRCallback")
        if not callable(_protected(_SEARCH, name))
    ]
    if missing:
        log.warning("no search of rates for groups: %s has no %s", _SEARCH, ", ".join(missing))
        raise ValueError(
            f"{options} must be left out: this Lightning has no {', '.join(missing)} to search with"
        )


def sets_rate(callback: pl.Callback) -> bool:
    """Return whether ``callback`` searches for a learning rate and then sets it."""
    is_finder = isinstance(callback, pl.callbacks.LearningRateFinder)
    if is_finder and not hasattr(callback, "_update_attr"):
        log.warning("a LearningRateFinder is taken to set the rate: it has no _update_attr")
    return is_finder and bool(getattr(callback, "_update_attr", True))


def search_rates(search: Any, curve: Any, trainer: pl.Trainer, **options: Any) -> Any:
    """Run Lightning's rate search with other classes than its own, which it takes none for."""
    with _replaced(_SEARCH, _LRFinder=search, _LRCallback=curve):
        return _protected(_SEARCH, "_lr_find")(trainer, trainer.lightning_module, **options)


@contextmanager
def _replaced(module: str, **parts: Any) -> Iterator[None]:
    owner = importlib.import_module(module)
    before = {name: getattr(owner, name) for name in parts}
    vars(owner).update(parts)
    try:
        yield
    finally:
        vars(owner).update(before)


def leave_fit() -> None:
    """End a fit in which a rate was to be found and nothing trained."""
    leave = _protected("pytorch_lightning.utilities.exceptions", "_TunerExitException")
    if leave is None:
        log.warning("training goes on after the search: this Lightning has no way to leave it")
        return
    raise leave
