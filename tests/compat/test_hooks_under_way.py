"""Which end hooks a fit is in, also where a checkpoint took it up."""

from typing import Any

import pytorch_lightning as pl
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit.compat import as_within, hooks_under_way


class Asks(pl.Callback):
    def __init__(self) -> None:
        self.seen: list[tuple[str, list[str]]] = []

    def _ask(self, trainer: pl.Trainer, hook: str) -> None:
        if not trainer.sanity_checking:
            self.seen.append((hook, [*hooks_under_way(trainer)]))

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        self._ask(trainer, "batch start")

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self._ask(trainer, "batch end")

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self._ask(trainer, "validation batch end")

    def on_validation_epoch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self._ask(trainer, "validation epoch end")

    def on_validation_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self._ask(trainer, "validation end")

    def on_train_epoch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self._ask(trainer, "epoch end")

    def on_train_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self._ask(trainer, "train end")


def test_which_hooks_are_under_way() -> None:
    asks = Asks()
    options = {**QUIET, "max_epochs": 2, "limit_train_batches": 1, "limit_val_batches": 1}
    pl.Trainer(**options, callbacks=[asks]).fit(PlainModule(), PlainData())
    epoch = [
        ("batch start", []),
        ("batch end", ["step"]),
        ("validation batch end", []),
        ("validation epoch end", ["validation"]),
        ("validation end", ["validation"]),
        ("epoch end", ["epoch"]),
    ]
    assert asks.seen == [*epoch, *epoch, ("train end", [])]


def test_epochs_are_counted_as_within_a_hook_and_given_back() -> None:
    trainer = pl.Trainer(**QUIET, max_epochs=2, limit_train_batches=1)
    trainer.fit(PlainModule(), PlainData())
    before = trainer.fit_loop.epoch_progress.state_dict()
    with as_within(trainer, "epoch", 1):
        assert trainer.current_epoch == 1
        assert [*hooks_under_way(trainer)] == ["epoch"]
    with as_within(trainer, "step", 1):
        assert trainer.current_epoch == 1
        assert not hooks_under_way(trainer)
    assert trainer.fit_loop.epoch_progress.state_dict() == before
