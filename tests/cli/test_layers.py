"""A layer over another: mappings merge, classes replace with all that was theirs."""

import importlib
from typing import Any

import pytest

from lightning_kit.cli.layers import as_list, lay, same_class

ADAM = {"class_path": "torch.optim.Adam", "init_args": {"lr": 1, "eps": 2}}


@pytest.mark.parametrize(
    ("upper", "expected"),
    [
        ({"lr": 5}, {"class_path": "torch.optim.Adam", "init_args": {"lr": 5, "eps": 2}}),
        (
            {"init_args": {"lr": 5}},
            {"class_path": "torch.optim.Adam", "init_args": {"lr": 5, "eps": 2}},
        ),
        (
            {"class_path": "torch.optim.Adam", "init_args": {"lr": 5}},
            {"class_path": "torch.optim.Adam", "init_args": {"lr": 5, "eps": 2}},
        ),
        (
            {"class_path": "Adam", "init_args": {"lr": 5}},
            {"class_path": "torch.optim.Adam", "init_args": {"lr": 5, "eps": 2}},
        ),
        (
            {"class_path": "torch.optim.SGD", "init_args": {"lr": 5}},
            {"class_path": "torch.optim.SGD", "init_args": {"lr": 5}},
        ),
        ("torch.optim.SGD", {"class_path": "torch.optim.SGD"}),
        (None, None),
    ],
)
def test_a_class_below(upper: Any, expected: Any) -> None:
    assert lay({"o": upper}, {"o": ADAM}) == {"o": expected}


def test_init_args_over_a_bare_name_are_those_of_its_class() -> None:
    upper = {"o": {"init_args": {"lr": 5}}}
    assert lay(upper, {"o": "a.B"}) == {"o": {"class_path": "a.B", "init_args": {"lr": 5}}}
    # Other mappings may stand in a text's place.
    assert lay({"o": {"train": 1}}, {"o": "rows.csv"}) == {"o": {"train": 1}}


def test_lists_replace_and_plus_appends() -> None:
    assert lay({"a": [1]}, {"a": [2, 3]}) == {"a": [1]}
    assert lay({"a+": [1]}, {"a": [2, 3]}) == {"a": [2, 3, 1]}
    assert lay({"a+": 1}, {}) == {"a": [1]}


def test_a_key_may_be_a_number() -> None:
    assert lay({"a": {4: 8}}, {"a": {2: 1}}) == {"a": {2: 1, 4: 8}}


def test_nothing_given_is_changed() -> None:
    lower, upper = {"a": {"b": [1]}}, {"a": {"c": [2]}}
    merged = lay(upper, lower)
    merged["a"]["b"].append(9)
    merged["a"]["c"].append(9)
    assert (lower, upper) == ({"a": {"b": [1]}}, {"a": {"c": [2]}})


def test_two_paths_of_one_name_are_two_classes() -> None:
    assert not same_class("a.Timer", "b.Timer")


def test_two_paths_to_one_class_are_one() -> None:
    importlib.import_module("torch.optim.sgd")
    assert same_class("torch.optim.SGD", "torch.optim.sgd.SGD")
    assert not same_class("torch.optim.SGD", "torch.optim.sgd.SDG")
    assert as_list({"a": 1}) == [{"a": 1}]
