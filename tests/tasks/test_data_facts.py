from typing import ClassVar

import pytorch_lightning as pl
import torch

from lightning_kit.tasks import DataFacts


def test_no_datamodule_tells_nothing() -> None:
    assert DataFacts.of(None) == DataFacts()


def test_a_datamodule_that_never_heard_of_the_kit_tells_nothing() -> None:
    assert DataFacts.of(pl.LightningDataModule()) == DataFacts()


def test_attributes_are_read_by_name() -> None:
    class Data(pl.LightningDataModule):
        classes: ClassVar = ["no", "yes"]
        target_mean = torch.ones(1)

    facts = DataFacts.of(Data())
    assert facts.classes is Data.classes
    assert facts.target_mean is Data.target_mean
    assert facts.class_counts is None
