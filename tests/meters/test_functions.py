"""A function is refused where it could not be called later."""

from functools import partial
from typing import Any

import pytest

from lightning_kit.meters.functions import accepts, check_function, described, name_of


class Called:
    def __call__(self, a: int) -> int:
        return a


def one(a: int, note: str = "") -> int:
    return a


@pytest.mark.parametrize("function", [one, Called(), partial(one, note="x"), print, max, float])
def test_what_takes_one_argument(function: Any) -> None:
    check_function("when", function, "count")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (3, r"when must be a function of \(count\), got 3"),
        (lambda a, b: None, r"when must take \(count\), got .*<lambda>\(a, b\)"),
        (lambda: None, r"when must take \(count\), got .*<lambda>\(\)"),
        (Called, r"when must be a function, got the class Called: give an instance, Called\(...\)"),
    ],
)
def test_what_does_not(function: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_function("when", function, "count")


def test_a_builtin_that_does_not_tell_is_believed() -> None:
    assert accepts(max, 1, 2, 3, 4)
    assert described(max) == "max"
    assert not accepts(one)


def test_a_name_is_the_same_for_the_same_function() -> None:
    assert name_of(one) == name_of(partial(one, note="x")) == f"{__name__}.one"
    assert name_of(Called()) == name_of(Called) == f"{__name__}.Called"
    assert name_of(max) == "builtins.max"
