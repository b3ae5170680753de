"""A turn that a checkpoint came ahead of is owed once."""

from typing import Any

import pytorch_lightning as pl
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit.callbacks.last_outputs import last_outputs
from lightning_kit.callbacks.owed_hooks import OwedHooks


class Turns(pl.Callback):
    def __init__(self) -> None:
        self.owed = OwedHooks()
        self.ahead: list[dict[str, Any]] = []
        self.behind: list[dict[str, Any]] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self.ahead.append(self.owed.state(trainer))
        self.owed.had(trainer, "epoch")
        self.behind.append(self.owed.state(trainer))


def test_a_turn_is_owed_until_it_came_and_settled_once() -> None:
    turns = Turns()
    trainer = pl.Trainer(**QUIET, max_epochs=2, limit_train_batches=1, callbacks=[turns])
    trainer.fit(PlainModule(), PlainData())
    assert [state["owed"] for state in turns.ahead] == [["epoch"], ["epoch"]]
    assert [state["owed"] for state in turns.behind] == [[], []]
    rest, came = OwedHooks(), []
    rest.restore(turns.ahead[-1])
    assert rest.owed(trainer) == ["epoch"]

    def turn() -> None:
        came.append((trainer.current_epoch, rest.is_settling))
        rest.had(trainer, "epoch")
        assert not rest.owed(trainer)

    for _ in range(2):
        rest.settle(trainer, {"epoch": turn})
    assert came == [(1, True)]
    assert not rest.is_settling


def test_a_turn_that_needs_a_batch_of_before_is_left_out() -> None:
    owed, trainer = OwedHooks(), pl.Trainer(**QUIET)
    owed.restore({"had": {}, "owed": ["step"], "epoch": 0})
    owed.settle(trainer, {"step": lambda: last_outputs(trainer)})
    assert not owed.owed(trainer)
