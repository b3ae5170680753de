"""A handler gets as many arguments as it takes."""

from typing import Any

import pytest

from lightning_kit.callbacks.handler import Handler, call_all

TRAINER: Any = "trainer"
MODULE: Any = "module"


def called(function: Any, *args: Any, **kwargs: Any) -> list[Any]:
    said: list[Any] = []
    handler = Handler(function(said), *args, **kwargs)
    handler(TRAINER, MODULE, ERROR)
    return said


ERROR = RuntimeError("first")


def test_the_first_that_fits_is_taken() -> None:
    assert called(lambda said: lambda *args: said.extend(args)) == ["trainer", "module"]
    assert called(lambda said: lambda t: said.append(t)) == ["trainer"]
    assert called(lambda said: lambda: said.append("none")) == ["none"]
    assert called(lambda said: lambda t, m, e: said.append(e)) == [ERROR]
    # A default is no place for what was not asked for.
    assert called(lambda said: lambda t, m, note="mine": said.append(note)) == ["mine"]


def test_arguments_of_its_own_come_after() -> None:
    assert called(lambda said: lambda *args: said.extend(args), 1) == ["trainer", "module", 1]
    assert called(lambda said: lambda t, n, k: said.append((t, n, k)), 1, k=2) == [
        ("trainer", 1, 2)
    ]
    assert called(lambda said: lambda n: said.append(n), 1) == [1]


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(ValueError, match="action must be a function, got 'print'"):
        Handler("print", argument="action")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"handler must take \(trainer, pl_module\) or fewer"):
        Handler(lambda a, b, c, d: None)


def test_beside_an_exception_all_are_called_and_errors_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said: list[str] = []
    handlers = [Handler(lambda: 1 / 0), Handler(lambda: said.append("second"))]
    call_all(handlers, TRAINER, MODULE, ERROR)
    assert said == ["second"]
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(ZeroDivisionError):
        call_all(handlers, TRAINER, MODULE, None)
