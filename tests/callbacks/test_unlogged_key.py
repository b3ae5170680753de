"""A monitored key that nothing logs is wrong input, at the first check."""

from typing import Any

import pytest
import pytorch_lightning as pl
from lightning_fabric.utilities.exceptions import MisconfigurationException
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit.callbacks import EarlyStopping, ModelCheckpoint


@pytest.mark.parametrize(
    ("callback", "stock"),
    [(EarlyStopping, RuntimeError), (ModelCheckpoint, MisconfigurationException)],
)
@pytest.mark.parametrize("error", [ValueError, None])
def test_it_says_what_was_logged(
    callback: Any, stock: type[Exception], error: type[Exception] | None
) -> None:
    trainer = pl.Trainer(
        **{**QUIET, "enable_checkpointing": callback is ModelCheckpoint},
        max_epochs=2,
        callbacks=[callback(monitor="val/los")],
    )
    with pytest.raises(error or stock, match=r"val/los.*\n?.*train/loss"):
        trainer.fit(PlainModule(), datamodule=PlainData())
    assert trainer.current_epoch == 0
