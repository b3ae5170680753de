"""A rule names a class that exists."""

from typing import Any

import pytest
import torch
from programs.raising import MyError

from lightning_kit.callbacks.exception_rule import Rule


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("RuntimeError", RuntimeError),
        ("torch.OutOfMemoryError", torch.OutOfMemoryError),
        ("programs.raising.MyError", MyError),
        (MyError, MyError),
    ],
)
def test_it_finds_the_class(name: Any, found: type[Exception]) -> None:
    assert Rule(name, "stop").resolve() is found


def test_a_class_has_the_name_that_finds_it() -> None:
    for given, name in ((MyError, "programs.raising.MyError"), (OSError, "OSError")):
        rule = Rule(given, "stop")
        assert rule.name == Rule(name, "stop").name == name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("NoSuchError", "stop"), "exception must name a class of exceptions.*'NoSuchError'"),
        (("no.such.Error", "stop"), "exception must name .*'no.such.Error'"),
        (("torch.Tensor", "stop"), "exception must name"),
        (("KeyboardInterrupt", "stop"), "exception must name"),
        (("StopIteration", "skip_batch"), "must not be StopIteration.*ends an epoch"),
        (("..x", "stop"), "exception must name .*'..x'"),
        ((".x", "stop"), "exception must name .*'.x'"),
        (("", "stop"), "exception must name .*''"),
        ((3, "stop"), "exception must name .*3"),
        ((KeyboardInterrupt, "stop"), "exception must name .*KeyboardInterrupt"),
        (("ValueError", "ignore"), "action must be one of .*'ignore'"),
        (("ValueError", "stop", 0), "max_times must be at least 1, got 0"),
        (("ValueError", "checkpoint", 1, "go"), "then must be one of"),
        (("ValueError", "stop", 1, "stop"), "then .* needs action 'checkpoint'"),
    ],
)
def test_refused(arguments: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Rule(*arguments)


def test_what_ends_the_fit() -> None:
    assert Rule("ValueError", "stop").ends
    assert Rule("ValueError", "checkpoint", then="stop").ends
    assert not Rule("ValueError", "checkpoint").ends
    assert not Rule("ValueError", "skip_batch").ends
