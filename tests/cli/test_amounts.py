"""Amounts are held against the number of batches, as Lightning does when a fit begins."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import pytorch_lightning as pl
from torch.utils.data import DataLoader

from lightning_kit.cli.amounts import amounts

# 10 batches to train on, 4 to validate on.
TRAIN, VAL = DataLoader(cast(Any, range(20)), 2), DataLoader(cast(Any, range(4)), 1)
PLAIN = {
    "fast_dev_run": False,
    "overfit_batches": 0.0,
    "limit_train_batches": None,
    "limit_val_batches": None,
    "val_check_interval": None,
    "check_val_every_n_epoch": 1,
}


def found(train: Any = TRAIN, val: Any = VAL, **wanted: Any) -> list[str]:
    trainer = SimpleNamespace(train_dataloader=train, val_dataloaders=val)
    return list(amounts(cast(pl.Trainer, trainer), SimpleNamespace(**{**PLAIN, **wanted})))


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        ({"val_check_interval": 11}, "val_check_interval: 11 is more than the 10 training batches"),
        ({"val_check_interval": 6, "limit_train_batches": 0.5}, "6 is more than the 5 training"),
        ({"val_check_interval": 6, "limit_train_batches": 5}, "6 is more than the 5 training"),
        ({"limit_train_batches": 0.09}, "limit_train_batches: 0.09 of 10 batches is less than one"),
        ({"limit_val_batches": 0.2, "val": [VAL, VAL]}, "0.2 of 4 batches is less than one: give"),
    ],
)
def test_an_amount_that_the_data_does_not_have(wanted: dict[str, Any], line: str) -> None:
    assert line in found(**wanted)[0]


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"val_check_interval": 10, "limit_val_batches": 1.0},
        {"val_check_interval": 11, "check_val_every_n_epoch": None},
        {"val_check_interval": 11, "val": None},
        {"val_check_interval": 11, "train": [TRAIN, TRAIN]},
        {"val_check_interval": 0.5},
        {"limit_train_batches": 0.1, "limit_val_batches": 0},
        {"limit_train_batches": 0.01, "fast_dev_run": True},
        {"limit_train_batches": 0.01, "overfit_batches": 1},
        {"limit_train_batches": 1000, "train": iter([1])},
    ],
)
def test_amounts_that_lightning_takes(wanted: dict[str, Any]) -> None:
    assert found(**wanted) == []
