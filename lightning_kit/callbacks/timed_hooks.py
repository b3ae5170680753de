"""Time the hooks of callbacks without changing what they do."""

import functools
import time
from collections.abc import Callable, Iterable
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.compat import detour
from lightning_kit.meters import Durations

#: Hooks of a callback that Lightning looks up at each call.
HOOKS = [
    *(name for name in vars(pl.Callback) if name.startswith("on_")),
    *("setup", "teardown", "state_dict", "load_state_dict"),
]


@final
class TimedHooks:
    """Wrap the hooks that callbacks override, as attributes of their instances.

    Args:
        callbacks: Whose hooks.
    """

    def __init__(self, callbacks: Iterable[pl.Callback]) -> None:
        self.times: dict[tuple[str, str], Durations] = {}
        self._undo: list[Callable[[], None]] = []
        for callback, name in _named(callbacks):
            for hook in HOOKS:
                if _overrides(callback, hook):
                    durations = self.times[name, hook] = Durations()
                    around = functools.partial(_timed, durations)
                    self._undo.append(detour(callback, hook, around))

    def give_back(self) -> None:
        """Leave the callbacks as they were; the times stay."""
        while self._undo:
            self._undo.pop()()


def _named(callbacks: Iterable[pl.Callback]) -> Iterable[tuple[pl.Callback, str]]:
    """Yield callbacks and their classes' names, numbered where a class comes again."""
    seen: dict[str, int] = {}
    for callback in callbacks:
        name = type(callback).__name__
        seen[name] = seen.get(name, 0) + 1
        yield callback, name if seen[name] == 1 else f"{name} {seen[name]}"


def _overrides(callback: pl.Callback, hook: str) -> bool:
    # LambdaCallback holds its hooks in its instance.
    return hook in vars(callback) or getattr(type(callback), hook) is not getattr(pl.Callback, hook)


def _timed(durations: Durations, hook: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return hook(*args, **kwargs)
        finally:
            durations.add(time.perf_counter() - began)

    return timed
