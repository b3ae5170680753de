"""Call a hook of the callbacks and of the module where somebody overrides it, and nowhere else."""

from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.loops.idle import is_idle
from lightning_kit.loops.spans import spans_of


@final
class Hook:
    """One hook, in Lightning's order: the callbacks as listed, then the module.

    Lightning sets the module's current hook, which ``log`` goes by, around each call; it does so
    through ``nn.Module.__setattr__``, which costs 2 us. Here the attribute is written directly.

    Args:
        trainer: The trainer, whose list of callbacks may change at any time.
        name: Name of the hook.
    """

    def __init__(self, trainer: pl.Trainer, name: str) -> None:
        self.trainer, self.name = trainer, name
        self.spans = spans = spans_of(trainer)
        self.profiler = vars(trainer)["profiler"]
        self.module = trainer.lightning_module
        self.fx = vars(self.module)
        stock = getattr(pl.LightningModule, name, None)
        span = f"[LightningModule]{type(self.module).__name__}.{name}"
        self._on_module = getattr(type(self.module), name, None) is not stock or span in spans
        self._classes: dict[type, bool] = {}
        self._seen: list[pl.Callback] = []
        self._busy = False
        self._idle: list[dict[str, Any]] = []
        self._asked: dict[int, str] = {}

    def __call__(self, *args: Any) -> Any:
        """Call the callbacks' hooks, then the module's; return what that one returns."""
        callbacks: list[pl.Callback] = self.trainer.callbacks  # type: ignore[attr-defined]
        if callbacks != self._seen:
            self._look(callbacks)
        name, is_heard = self.name, self._busy
        if not is_heard:
            for state in self._idle:
                if name in state:
                    is_heard = True
        if is_heard:
            self._on_callbacks(callbacks, args)
        if self._on_module or name in self.fx:
            return self._call_module(args)
        return None

    def _on_callbacks(self, callbacks: list[pl.Callback], args: tuple[Any, ...]) -> None:
        name = self.name
        fx, trainer, module, classes = self.fx, self.trainer, self.module, self._classes
        asked = self._asked
        before = fx["_current_fx_name"]
        fx["_current_fx_name"] = name
        # As Lightning, over the list itself: a callback may add others to it.
        for callback in callbacks:
            is_overridden = classes.get(type(callback))
            if is_overridden is None:
                is_overridden = self._has(callback)
            if is_overridden or name in vars(callback) or id(callback) in asked:
                function = getattr(callback, name)
                if not callable(function):
                    continue
                if asked and (span := asked.get(id(callback))) is not None:
                    with self.profiler.profile(span):
                        function(trainer, module, *args)
                else:
                    function(trainer, module, *args)
        fx["_current_fx_name"] = before

    def _call_module(self, args: tuple[Any, ...]) -> Any:
        fx, name = self.fx, self.name
        function = getattr(self.module, name)
        if not callable(function):
            return None
        before = fx["_current_fx_name"]
        fx["_current_fx_name"] = name
        span = f"[LightningModule]{type(self.module).__name__}.{name}" if self.spans else ""
        if span in self.spans:
            with self.profiler.profile(span):
                output = function(*args)
        else:
            output = function(*args)
        fx["_current_fx_name"] = before
        return output

    def _look(self, callbacks: list[pl.Callback]) -> None:
        self._seen = list(callbacks)
        if self.spans:
            # Some build their key anew each time that it is asked for.
            names = {id(each): f"[Callback]{each.state_key}.{self.name}" for each in callbacks}
            self._asked = {key: span for key, span in names.items() if span in self.spans}
        busy = [self._acts(callback) for callback in callbacks]
        self._busy = any(busy)
        self._idle = [vars(c) for c, acts in zip(callbacks, busy, strict=True) if not acts]

    def _acts(self, callback: pl.Callback) -> bool:
        if id(callback) in self._asked:
            return True
        return self._has(callback) and not is_idle(callback, self.name)

    def _has(self, callback: pl.Callback) -> bool:
        kind = type(callback)
        if kind not in self._classes:
            stock = getattr(pl.Callback, self.name)
            self._classes[kind] = getattr(kind, self.name, None) is not stock
        return self._classes[kind]
