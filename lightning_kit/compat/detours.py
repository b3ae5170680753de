"""Lead calls of a method through another, and give it back."""

import functools
import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import pytorch_lightning as pl

log = logging.getLogger(__name__)


def detour(
    owner: object, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[[], None]:
    """Lead calls of ``owner.name`` through ``around(method)``; return what ends that.

    Several on one method end in any order: one that another lies around lets calls pass, and goes
    with that one.
    """
    method = getattr(owner, name, None)
    if not callable(method):
        log.warning("%s has no %s to listen to: stock behaviour", type(owner).__qualname__, name)
        return lambda: None
    before = vars(owner).get(name)
    detoured = around(method)
    holds = [True]

    # With `wraps`, Lightning still finds which hooks are overridden.
    @functools.wraps(method)
    def lead(*args: Any, **kwargs: Any) -> Any:
        return (detoured if holds[0] else method)(*args, **kwargs)

    _detours[lead] = (holds, before)
    setattr(owner, name, lead)

    def undo() -> None:
        holds[0] = False
        while (top := vars(owner).get(name)) in _detours and not _detours[top][0][0]:
            if (below := _detours[top][1]) is None:
                delattr(owner, name)
            else:
                setattr(owner, name, below)

    return undo


def around_stage(
    trainer: pl.Trainer, around: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[[], None]:
    """Lead what ``trainer`` runs between ``on_fit_start`` and ``on_fit_end`` through ``around``.

    It is the sanity check and the loop of epochs with its first and last hooks. What is returned
    ends it.
    """
    return detour(trainer, "_run_stage", around)


_detours: WeakKeyDictionary[Any, tuple[list[bool], Any]] = WeakKeyDictionary()


def after_interruption(trainer: pl.Trainer, then: Callable[[], None]) -> Callable[[], None]:
    """Call ``then`` once ``trainer`` has cleaned up after an exception; return what ends that.

    Lightning calls no ``teardown`` hook there.
    """
    status = getattr(trainer.state, "status", None)

    def around(teardown: Callable[..., Any]) -> Callable[..., Any]:
        def teardown_and_then(*args: Any, **kwargs: Any) -> None:
            try:
                teardown(*args, **kwargs)
            finally:
                if getattr(trainer.state.status, "value", status) == "interrupted":
                    then()

        return teardown_and_then

    return detour(trainer, "_teardown", around)
