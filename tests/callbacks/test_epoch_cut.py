"""What stands among the callbacks while an epoch is being cut."""

from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
from programs.traced import QUIET
from pytorch_lightning.strategies import DDPStrategy, FSDPStrategy

from lightning_kit.callbacks.epoch_cut import EpochCut
from lightning_kit.compat import callbacks_of


def test_two_who_ask_share_one_cut_that_stands_first() -> None:
    trainer = pl.Trainer(**QUIET, callbacks=[pl.Callback()])
    before = callbacks_of(trainer)
    cut = EpochCut.of(trainer, validate=False)
    assert EpochCut.of(trainer, validate=True) is cut
    assert cut.validate, "one of them wants it"
    assert callbacks_of(trainer) == [cut, *before]
    assert cut not in before, "a list that is being called through stays as it is"
    cut.on_exception(trainer, pl.LightningModule(), ValueError())
    assert callbacks_of(trainer) == before


class Loop:
    is_last = False
    window_is_open = True

    def __init__(self, strategy: object) -> None:
        self.trainer = SimpleNamespace(strategy=strategy)

    def close(self) -> None:
        raise AssertionError("closed")


@pytest.mark.parametrize("strategy", [FSDPStrategy(), DDPStrategy()])
def test_a_window_over_sharded_gradients_is_refused(strategy: Any) -> None:
    cut = EpochCut(Loop(strategy), validate=True)  # type: ignore[arg-type]
    if isinstance(strategy, DDPStrategy):
        with pytest.raises(AssertionError, match="closed"):
            cut.after()
        return
    with pytest.raises(RuntimeError, match="FSDPStrategy.*ask before the iteration"):
        cut.after()
