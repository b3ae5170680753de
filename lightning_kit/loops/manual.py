"""Manual optimization: what a module's own training step calls, for the length of a run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, final

import pytorch_lightning as pl
from pytorch_lightning.strategies import SingleDeviceStrategy
from torch import Tensor

from lightning_kit.loops.backward import bare_backward_of
from lightning_kit.loops.hooks import Hook
from lightning_kit.loops.optimizer_step import steps_alone
from lightning_kit.loops.stock import is_stock


@contextmanager
def direct_calls(trainer: pl.Trainer) -> Iterator[None]:
    """Let ``manual_backward`` and the optimizers' ``step`` do directly what Lightning leads on."""
    module = trainer.lightning_module
    given: list[tuple[dict[str, Any], str, Any]] = []

    def give(owner: object, name: str, function: Any) -> None:
        vars(owner)[name] = function
        given.append((vars(owner), name, function))

    if not module.automatic_optimization and type(trainer.strategy) is SingleDeviceStrategy:
        back = bare_backward_of(trainer)
        if back is not None and is_stock(module, pl.LightningModule, "manual_backward"):
            give(module, "manual_backward", _Backward(trainer, back))
        if steps_alone(trainer):
            before = Hook(trainer, "on_before_optimizer_step")
            for optimizer in trainer.strategy._lightning_optimizers:
                give(optimizer, "step", _step(trainer, optimizer, before))
    try:
        yield
    finally:
        for state, name, function in given:
            # Unless somebody has put another in its place meanwhile.
            if state.get(name) is function:
                del state[name]


@final
class _Backward:
    """Stands in for ``LightningModule.manual_backward`` on one module."""

    def __init__(self, trainer: pl.Trainer, back: Callable[[Tensor], None]) -> None:
        self.trainer, self.module, self.back = trainer, trainer.lightning_module, back

    def __call__(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        # Another trainer may run the module meanwhile.
        is_ours = vars(self.module)["_trainer"] is self.trainer
        if args or kwargs or self.module.automatic_optimization or not is_ours:
            type(self.module).manual_backward(self.module, loss, *args, **kwargs)
        else:
            self.back(loss)

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy of the module, deep or pickled, has its class's own.
        return getattr, (self.module, "manual_backward")


def _step(trainer: pl.Trainer, optimizer: Any, before: Hook) -> Callable[..., Any]:
    inner, stock = optimizer._optimizer, optimizer.step
    state = vars(trainer.lightning_module)

    def closed() -> None:
        before(inner)

    def step(closure: Callable[[], Any] | None = None, **kwargs: Any) -> Any:
        if closure is not None or kwargs or state["_trainer"] is not trainer:
            return stock(closure, **kwargs)
        optimizer._on_before_step()
        output = inner.step(closure=closed)
        optimizer._on_after_step()
        return output

    return step
