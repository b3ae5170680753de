"""A hook is called where somebody overrides it, as Lightning calls it."""

from typing import Any

import pytorch_lightning as pl
from programs.traced import QUIET, Traced

from lightning_kit.loops.hooks import Hook

NAME = "on_train_batch_start"


def hooked(*callbacks: pl.Callback, module: pl.LightningModule | None = None) -> Hook:
    trainer = pl.Trainer(callbacks=list(callbacks), **QUIET)
    trainer.strategy._lightning_module = module or Traced()
    return Hook(trainer, NAME)


class Says(pl.Callback):
    def __init__(self) -> None:
        self.said: list[Any] = []

    def on_train_batch_start(self, trainer: Any, module: Any, *args: Any) -> None:
        self.said.append((module._current_fx_name, args))


class Silent(pl.Callback):
    """Overrides nothing."""


def test_callbacks_hear_with_the_current_hook_set() -> None:
    says = Says()
    hook = hooked(Silent(), says)
    hook.module._current_fx_name = "before"
    assert hook("batch", 3) is None
    assert says.said == [(NAME, ("batch", 3))]
    assert hook.module._current_fx_name == "before"


def test_the_module_is_called_last_and_answers() -> None:
    says = Says()

    class Module(Traced):
        def on_train_batch_start(self, batch: Any, batch_idx: int) -> int:
            assert len(says.said) == 1
            return -1

    assert hooked(says, module=Module())("batch", 0) == -1


def test_a_callback_that_is_added_is_noticed_also_within_the_hook() -> None:
    late = Says()

    class Adds(pl.Callback):
        def on_train_batch_start(self, trainer: Any, *args: Any) -> None:
            if late not in trainer.callbacks:
                trainer.callbacks.append(late)

    hook = hooked(Silent())
    hook("batch", 0)
    hook.trainer.callbacks.append(Adds())  # type: ignore[attr-defined]
    hook("batch", 1)
    assert late.said == [(NAME, ("batch", 1))]


def test_a_hook_that_is_put_on_an_instance_is_noticed() -> None:
    silent, said = Silent(), list[Any]()
    hook = hooked(silent)
    hook("batch", 0)
    vars(silent)[NAME] = lambda *args: said.append(args[2:])
    hook("batch", 1)
    vars(hook.module)[NAME] = lambda *args: said.append(args)
    hook("batch", 2)
    assert said == [("batch", 1), ("batch", 2), ("batch", 2)]


def test_entries_of_the_profiler_are_opened_where_they_are_asked_for() -> None:
    class Profiler(pl.profilers.PassThroughProfiler):
        spans = frozenset({f"[Callback]Says.{NAME}", f"[LightningModule]Traced.{NAME}"})

        def __init__(self) -> None:
            super().__init__()
            self.opened: list[str] = []

        def start(self, action_name: str) -> None:
            self.opened.append(action_name)

    profiler = Profiler()
    trainer = pl.Trainer(callbacks=[Silent(), Says()], profiler=profiler, **QUIET)
    trainer.strategy._lightning_module = Traced()
    hook = Hook(trainer, NAME)
    hook("batch", 0)
    # Lightning opens one for each callback, also where it does nothing.
    assert sorted(profiler.opened) == sorted(profiler.spans)
