"""Settings that ask for more batches than the data has, or for less than one."""

from collections.abc import Iterator
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.utilities.data import sized_len
from torch.utils._pytree import tree_leaves


def amounts(trainer: pl.Trainer, wanted: Any) -> Iterator[str]:
    """Yield one line for each setting in ``wanted`` that Lightning would refuse for this data.

    Args:
        trainer: One that trained and validated on this data, with whatever amounts.
        wanted: The Trainer's arguments as configured, as attributes.
    """
    if wanted.fast_dev_run or wanted.overfit_batches:
        return
    train = _lengths(trainer.train_dataloader)
    yield from _less_than_one("limit_train_batches", wanted.limit_train_batches, train)
    val = _lengths(trainer.val_dataloaders)
    yield from _less_than_one("limit_val_batches", wanted.limit_val_batches, val)
    every = wanted.val_check_interval
    # Without `check_val_every_n_epoch` the interval goes on over epochs.
    if not isinstance(every, int) or wanted.check_val_every_n_epoch is None or not val:
        return
    # Several loaders are combined in ways of their own.
    if len(train) == 1 and every > (batches := _limited(train[0], wanted.limit_train_batches)):
        yield (
            f"trainer.val_check_interval: {every} is more than the {batches} training batches "
            "of an epoch: lower it, or set check_val_every_n_epoch to null"
        )


def without_batches(trainer: pl.Trainer) -> str | None:
    """Say so where a fit came back without one training batch, None where it had some."""
    # A loader without a length shows only by what it gave.
    gave_none = trainer.current_epoch > 0 and trainer.fit_loop.total_batch_idx < 0
    if trainer.num_training_batches != 0 and not gave_none:
        return None
    return (
        "the training data gives no batch: it has no rows, or fewer than one batch where the "
        "loader drops the last"
    )


def _lengths(loaders: Any) -> list[int]:
    lengths = [sized_len(loader) for loader in tree_leaves(loaders)]
    return [length for length in lengths if length]


def _limited(length: int, limit: float | None) -> int:
    if limit is None:
        return length
    return int(length * limit) if isinstance(limit, float) else min(length, limit)


def _less_than_one(name: str, limit: float | None, lengths: list[int]) -> Iterator[str]:
    for length in lengths:
        if isinstance(limit, float) and limit > 0 and _limited(length, limit) == 0:
            yield (
                f"trainer.{name}: {limit} of {length} batches is less than one: give "
                f"{1 / length:.2g} or more"
            )
