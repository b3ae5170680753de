"""The entries asked for are those that Lightning opens."""

from typing import Any

import pytest
import pytorch_lightning as pl
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from pytorch_lightning.profilers import Profiler

from lightning_kit.callbacks.training_spans import Spans, training_spans
from lightning_kit.loops import lean


class Takes(pl.Callback):
    def on_train_batch_end(self, *args: Any) -> None:
        """Do nothing."""


class Names(Profiler):
    """Notes what is opened; the lean loop opens what ``spans`` names."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.spans: frozenset[str] = frozenset()

    def start(self, action_name: str) -> None:
        self.seen.add(action_name)

    def stop(self, action_name: str) -> None:
        """Do nothing."""


class Asks(pl.Callback):
    """Sets the profiler as a part of the kit does."""

    spans: Spans

    def setup(self, trainer: Any, pl_module: pl.LightningModule, stage: str) -> None:
        self.spans = training_spans(trainer, pl_module, self)
        trainer.profiler.spans = frozenset().union(*self.spans)

    def on_train_batch_start(self, *args: Any) -> None:
        """Do nothing."""


@pytest.mark.parametrize("is_lean", [False, True])
def test_each_entry_comes_in_a_fit(is_lean: bool) -> None:
    names, asks = Names(), Asks()
    takes = Takes()
    saver = pl.callbacks.ModelCheckpoint("own")
    trainer = pl.Trainer(**{**QUIET, "enable_checkpointing": True}, max_epochs=1, profiler=names,
                         callbacks=[asks, takes, saver])  # fmt: skip
    if is_lean:
        lean(trainer)
    trainer.fit(PlainModule(), PlainData())
    asked = set().union(*asks.spans)
    # Of manual optimization, and by steps alone.
    rare = {"optimizer_step", f"[Callback]{saver.state_key}.on_train_batch_end"}
    assert asked - names.seen <= rare
    assert f"[Callback]{takes.state_key}.on_train_batch_end" in asked
    assert not any(asks.state_key in name for name in asked)
    assert set(asks.spans.opened.values()) >= {
        "waiting", "transfer", "forward", "optimizer", "checkpointing", "validation",
        "callback Takes",
    }  # fmt: skip


def test_every_part_that_begins_ends() -> None:
    asks = Asks()
    pl.Trainer(**QUIET, max_epochs=1, profiler=Names(), callbacks=[asks]).fit(
        PlainModule(), PlainData()
    )
    begins = {*asks.spans.opened.values(), *asks.spans.opened_after.values()}
    assert begins == {*asks.spans.closed.values(), *asks.spans.closed_before.values()}
