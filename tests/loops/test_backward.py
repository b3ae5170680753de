"""The hooks around a backward pass see what they see in Lightning."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.lean_pairs import Program, pair


class Watches(pl.Callback):
    """Notes whether gradients are there."""

    def __init__(self, seen: list[Any]) -> None:
        self.seen = seen

    def on_before_backward(self, trainer: Any, module: Any, loss: Any) -> None:
        grads = [p.grad is not None for p in module.parameters()]
        self.seen.append(("before", any(grads), float(loss), module._current_fx_name))

    def on_after_backward(self, trainer: Any, module: Any) -> None:
        self.seen.append(("after", module.net[0].weight.grad.sum().item()))

    def on_before_optimizer_step(self, trainer: Any, module: Any, optimizer: Any) -> None:
        self.seen.append(("step", type(optimizer).__name__))

    def on_before_zero_grad(self, trainer: Any, module: Any, optimizer: Any) -> None:
        self.seen.append(("zero", type(optimizer).__name__))


@pytest.mark.parametrize(
    "options",
    [{}, {"accumulate_grad_batches": 2}, {"precision": "16-mixed"}, {"gradient_clip_val": 0.1}],
)
def test_the_hooks_see_the_same_gradients(options: dict[str, Any]) -> None:
    seen: list[list[Any]] = []

    def callbacks() -> list[pl.Callback]:
        seen.append([])
        return [Watches(seen[-1])]

    stock, lean = pair(Program, callbacks, **options)
    assert stock == lean
    assert seen[0] == seen[1] != []
