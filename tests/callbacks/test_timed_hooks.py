"""Hooks are timed as they are, and left as they were."""

import time
from typing import Any

import pytest
import pytorch_lightning as pl
from pytorch_lightning.callbacks import LambdaCallback
from pytorch_lightning.utilities.model_helpers import is_overridden

from lightning_kit.callbacks.timed_hooks import TimedHooks


class Slow(pl.Callback):
    def on_train_start(self, *args: Any) -> None:
        time.sleep(0.01)

    def on_train_end(self, *args: Any) -> None:
        raise RuntimeError("no")

    def state_dict(self) -> dict[str, Any]:
        return {"a": 1}


def test_return_values_and_exceptions_pass() -> None:
    slow: Any = Slow()
    timed = TimedHooks([slow])
    slow.on_train_start(None, None)
    assert slow.state_dict() == {"a": 1}
    with pytest.raises(RuntimeError, match="no"):
        slow.on_train_end(None, None)
    assert {hook: each.count for (_, hook), each in timed.times.items()} == {
        "on_train_start": 1,
        "on_train_end": 1,
        "state_dict": 1,
    }
    assert timed.times["Slow", "on_train_start"].total_s >= 0.01


def test_lightning_finds_what_is_overridden_as_before() -> None:
    slow = Slow()
    timed = TimedHooks([slow])
    assert is_overridden("state_dict", slow, pl.Callback)
    assert is_overridden("on_train_start", slow)
    assert not is_overridden("load_state_dict", slow, pl.Callback)
    assert not is_overridden("on_test_start", slow)
    timed.give_back()
    timed.give_back()
    assert vars(slow) == {}


def test_hooks_of_the_instance_and_a_class_that_comes_again() -> None:
    def hook(*args: Any) -> None: ...

    callbacks: list[Any] = [LambdaCallback(on_fit_start=hook), LambdaCallback(on_fit_end=hook)]
    timed = TimedHooks(callbacks)
    callbacks[1].on_fit_end(None, None)
    assert timed.times["LambdaCallback 2", "on_fit_end"].count == 1
    assert ("LambdaCallback", "on_fit_start") in timed.times
    timed.give_back()
    assert callbacks[0].on_fit_start is hook
