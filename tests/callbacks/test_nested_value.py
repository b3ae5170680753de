"""Numbers are found and replaced by the names that lead to them."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lightning_kit.callbacks.nested_value import is_number, nested, replace, told


def test_attributes_keys_and_indices() -> None:
    owner = SimpleNamespace(lists=[1.0, {"a": 2.0}], net=nn.Sequential(nn.Dropout(0.5)))
    assert nested(owner, ["lists", "1", "a"], "p") == 2.0
    assert nested(owner, ["net", "0", "p"], "p") == 0.5
    for names in (["lists", "0"], ["lists", "1", "a"], ["net", "0", "p"]):
        assert replace(owner, names, 0.25, "p") is owner
        assert nested(owner, names, "p") == 0.25


def test_a_tuple_is_replaced_by_another() -> None:
    group: dict[str, Any] = {"betas": (0.9, 0.99)}
    replace(group, ["betas", "0"], 0.5, "p")
    assert group["betas"] == (0.5, 0.99)


def test_a_tensor_is_written_in_place() -> None:
    owner = SimpleNamespace(temperature=nn.Parameter(torch.ones(1)))
    before = owner.temperature
    replace(owner, ["temperature"], 0.5, "p")
    assert owner.temperature is before
    assert before.item() == 0.5


@pytest.mark.parametrize(
    ("old", "value", "kind"), [(3, 2.0, int), (3, 2.5, float), (3.0, 2.0, float)]
)
def test_a_whole_number_stays_one_where_it_can(old: float, value: float, kind: type) -> None:
    owner = SimpleNamespace(n=old)
    replace(owner, ["n"], value, "p")
    assert owner.n == value
    assert type(owner.n) is kind


@pytest.mark.parametrize(
    ("value", "answer"),
    [(1, True), (0.5, True), (torch.ones(1), True), (True, False), ("1", False), (None, False)],
)
def test_what_a_number_is(value: object, answer: bool) -> None:
    assert is_number(value) is answer
    assert not is_number(torch.ones(2))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("many", "str 'many'"),
        (None, "NoneType None"),
        (torch.ones(2, 3), "Tensor of shape (2, 3)"),
        (nn.Linear(2, 1).weight, "Parameter of shape (1, 2)"),
        (np.ones((4, 1)), "ndarray of shape (4, 1)"),
        (nn.Linear(2, 1), "Linear"),
        (list(range(99)), "list [0, 1, 2, 3, 4, 5, ...]"),
    ],
)
def test_what_is_no_number_is_told_in_one_line(value: object, said: str) -> None:
    assert told(value) == said


@pytest.mark.parametrize(
    ("owner", "names", "message"),
    [
        (nn.Dropout(), ["q"], "the Dropout has no 'q'; it has p, inplace"),
        (nn.Sequential(nn.ReLU()), ["1", "p"], "the Sequential has no '1'; it has 0$"),
        ({"a": [1.0]}, ["a", "3"], "the list has no '3'; it has 0"),
        (
            {"params": [], "lr": 0.1, "momentum": 0.9},
            ["momentun"],
            "the parameter group has no 'momentun'; it has lr, momentum; did you mean 'momentum'?",
        ),
    ],
)
def test_what_is_not_there_is_named(owner: Any, names: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")) as raised:
        nested(owner, names, "x.y")
    assert "target 'x.y'" in str(raised.value)
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        replace(owner, names, 1.0, "x.y")
