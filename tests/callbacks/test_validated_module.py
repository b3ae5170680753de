"""The module whose weights validation scores."""

from typing import Any

import pytest
import pytorch_lightning as pl
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from pytorch_lightning.callbacks import EMAWeightAveraging

from lightning_kit.callbacks.ema import EMA
from lightning_kit.callbacks.validated_module import validated_module
from lightning_kit.meters import EventFilter


@pytest.mark.parametrize(
    ("averaging", "is_average"),
    [
        ([], False),
        ([EMA(0.5)], True),
        ([EMA(0.5, validate_with="raw")], False),
        ([EMA(0.5, filter=EventFilter(after=100))], False),
        ([EMAWeightAveraging()], True),
    ],
    ids=["no average", "ema", "ema, validates raw", "ema, not yet", "lightning's"],
)
def test_it_is_the_average_where_one_is_swapped_in(averaging: Any, is_average: bool) -> None:
    module = PlainModule()

    class Asks(pl.Callback):
        found: Any = None

        def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
            self.found = validated_module(trainer)

    asks = Asks()
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[*averaging, asks])
    trainer.fit(module, PlainData())
    assert (asks.found is not module) == is_average
    assert not is_average or asks.found is averaging[0]._average_model.module
