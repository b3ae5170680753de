"""A target's grammar, and what it says where it leads nowhere."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from torch import nn

from lightning_kit.callbacks.param_target import ParamTarget


class Two(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 2))
        self.words = "many"


def trainer(optimizers: int = 1) -> tuple[pl.Trainer, Two]:
    module = Two()
    made = pl.Trainer(**QUIET)
    linear: Any = module.net[1]
    groups: list[dict[str, Any]] = [
        {"params": [linear.weight]},
        {"params": [linear.bias], "lr": 1.0},
    ]
    made.strategy.optimizers = [
        torch.optim.Adam([{**group} for group in groups]) for _ in range(optimizers)
    ]
    return made, module


@pytest.mark.parametrize(
    "path", ["", "optimizer", "lr", "optimizer.", "optimizer.0", "optimizer.lr.x", "model..p"]
)
def test_a_path_of_another_form(path: str) -> None:
    with pytest.raises(ValueError, match="target must"):
        ParamTarget(path)


@pytest.mark.parametrize(
    ("path", "groups"), [("model.p", [0]), ("optimizer.lr", []), ("optimizer.lr", [-1])]
)
def test_groups_that_cannot_be(path: str, groups: list[int]) -> None:
    with pytest.raises(ValueError, match="groups"):
        ParamTarget(path, groups)
    with pytest.raises(ValueError, match="groups must be different"):
        ParamTarget("optimizer.lr", [0, 0])


def test_it_writes_to_the_groups_it_names() -> None:
    made, module = trainer(2)
    first, second = (optimizer.param_groups for optimizer in made.optimizers)
    ParamTarget("optimizer.1.lr", [1]).write(made, module, 0.25)
    ParamTarget("optimizer.0.betas.1").write(made, module, 0.5)
    assert [group["lr"] for group in (*first, *second)] == [1e-3, 1.0, 1e-3, 0.25]
    assert [group["betas"] for group in first] == [(0.9, 0.5)] * 2
    ParamTarget("model.net.0.p").write(made, module, 0.125)
    assert module.net[0].p == 0.125


@pytest.mark.parametrize(
    ("path", "groups", "message"),
    [
        ("optimizer.momentum", None, "no 'momentum'; it has lr, betas"),
        ("optimizer.betas", None, "must lead to a number, got tuple"),
        ("optimizer.betas.2", None, "the tuple has no '2'; it has 0, 1"),
        ("optimizer.lr", [2], r"groups must be below 2.*got \[2\]"),
        ("optimizer.1.lr", None, "must name an optimizer below 1"),
        ("model.words", None, "must lead to a number, got str 'many'"),
        ("model.net.1.weight", None, "must lead to a number, got Parameter of shape"),
        ("model.nett.0.p", None, "no 'nett'; it has .*did you mean 'net'"),
    ],
)
def test_what_exists_is_named(path: str, groups: list[int] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ParamTarget(path, groups).check(*trainer())


def test_one_of_several_optimizers_must_be_named() -> None:
    with pytest.raises(ValueError, match="there are 2: write 'optimizer.<index>.lr'"):
        ParamTarget("optimizer.lr").check(*trainer(2))
