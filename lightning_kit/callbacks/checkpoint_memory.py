"""What a ModelCheckpoint remembers of its files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import pytorch_lightning as pl

from lightning_kit.meters import BestK

# What changes before a file is written, for it is part of the file.
_STATE = (
    "best_k_models", "best_model_path", "best_model_score", "current_score", "kth_best_model_path",
    "kth_value", "last_k_models", "last_model_path",
)  # fmt: skip


def as_best_k(checkpoint: pl.callbacks.ModelCheckpoint, *, latest_on_tie: bool) -> BestK:
    """Return the best that ``checkpoint`` keeps, as the meter that decides on the next."""
    mode: Literal["min", "max"] = "min" if checkpoint.mode == "min" else "max"
    k = checkpoint.save_top_k if checkpoint.save_top_k > 0 else None
    best = BestK(k, mode, latest_on_tie)
    scores = {path: float(score) for path, score in checkpoint.best_k_models.items()}
    best.load_state_dict({"scores": scores})
    return best


def forget_surplus(checkpoint: pl.callbacks.ModelCheckpoint) -> list[str]:
    """Take the worst beyond ``save_top_k`` off its list; return their paths.

    A run that goes on with a smaller ``save_top_k`` restores more than that, and Lightning 2.6.6
    then removes none ever after.
    """
    k = checkpoint.save_top_k
    if k < 1 or len(checkpoint.best_k_models) <= k:
        return []
    ranked = list(as_best_k(checkpoint, latest_on_tie=False).kept)
    checkpoint.kth_best_model_path = ranked[k - 1]
    checkpoint.kth_value = checkpoint.best_k_models[ranked[k - 1]]
    for path in ranked[k:]:
        del checkpoint.best_k_models[path]
    return ranked[k:]


@contextmanager
def undone_unless_written(
    checkpoint: pl.callbacks.ModelCheckpoint, num_saves: Callable[[], int]
) -> Iterator[None]:
    """Take back what was noted of a file that could not be written."""
    before = {name: value for name, value in vars(checkpoint).items() if name in _STATE}
    before["best_k_models"] = dict(checkpoint.best_k_models)
    started = num_saves()
    try:
        yield
    except BaseException:
        if num_saves() == started:
            vars(checkpoint).update(before)
        raise
