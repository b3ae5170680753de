from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from pytorch_lightning.callbacks import EMAWeightAveraging

from lightning_kit.callbacks import EMA, ModelCheckpoint
from lightning_kit.callbacks.final_weights import FinalWeights, averaging_of, best_path


def trained(*callbacks: Any, **options: Any) -> pl.Trainer:
    trainer = pl.Trainer(**{**QUIET, **options}, max_epochs=1, callbacks=list(callbacks))
    trainer.fit(PlainModule(), PlainData())
    return trainer


def test_none_means_the_best_where_one_was_scored() -> None:
    trainer = trained()
    assert best_path(trainer) is None
    assert FinalWeights.of(trainer, None).which == "final"
    with pytest.raises(ValueError, match="no checkpoint was scored"):
        FinalWeights.of(trainer, "best")
    trainer = trained(ModelCheckpoint("own", monitor="val/loss"), enable_checkpointing=True)
    found = FinalWeights.of(trainer, None)
    assert (found.which, found.checkpoint) == ("best", best_path(trainer))
    assert found.content["epoch"] == 0


def test_the_newest_checkpoint_of_no_score_is_no_best() -> None:
    assert best_path(trained(ModelCheckpoint("own"), enable_checkpointing=True)) is None


@pytest.mark.parametrize("averaging", [EMA(decay=0.5), EMAWeightAveraging(decay=0.5)])
def test_an_average_that_the_module_was_left_with_is_the_modules(averaging: Any) -> None:
    trainer = trained(averaging)
    assert averaging_of(trainer) is averaging
    state = trainer.lightning_module.state_dict()
    torch.testing.assert_close(FinalWeights.of(trainer, "ema").state, dict(state))


def test_an_average_that_the_module_does_not_have_is_found() -> None:
    trainer = trained(EMA(decay=0.5, final="raw"))
    average = FinalWeights.of(trainer, "ema").state["net.1.bias"]
    assert not torch.equal(average, trainer.lightning_module.net[1].bias)  # type: ignore[index, union-attr]
