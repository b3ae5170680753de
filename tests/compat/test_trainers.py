"""A trainer's callbacks are read, and a twin's trainer is named."""

import lightning.pytorch as twin
import pytest
import pytorch_lightning as pl

from lightning_kit import compat


def test_a_twins_trainer_is_named() -> None:
    trainer = twin.Trainer(accelerator="cpu", logger=False)
    with pytest.raises(TypeError, match=r"lightning\.pytorch.*pytorch_lightning\.Trainer"):
        compat.refuse_twin(trainer, object())


def test_rank_and_callbacks_are_read() -> None:
    assert compat.global_rank() == 0
    assert compat.callbacks_of(pl.Trainer(accelerator="cpu", logger=False))
