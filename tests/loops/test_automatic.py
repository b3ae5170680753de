"""Optimizers, closures and losses of every kind are treated as Lightning treats them."""

from typing import Any

import pytest
import torch
from programs.lean_pairs import HOOKS, Program, pair


class Bfgs(Program):
    """An optimizer that calls its closure several times."""

    def configure_optimizers(self) -> Any:
        return torch.optim.LBFGS(self.parameters(), lr=0.1, max_iter=3)


class Warms(Program):
    """A step of one's own, as tutorials write warm-up."""

    def optimizer_step(
        self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Any = None
    ) -> None:
        optimizer.step(closure=optimizer_closure)
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (batch_idx + 1)


class Forgets(Program):
    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Never call the closure."""


class Returns(Program):
    """A training step that returns what cannot be trained on."""

    wrong: Any = 3

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        super().training_step(batch, batch_idx)
        return self.wrong


class Without(Returns):
    wrong = {"extra": 1}  # noqa: RUF012


class Backs(Program):
    def backward(self, loss: Any, *args: Any, **kwargs: Any) -> None:
        super().backward(loss * 2, *args, **kwargs)


class NoGrad(Program):
    """Turns gradients off behind the loop's back."""

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        torch.set_grad_enabled(False)

    def on_train_batch_end(self, *args: Any) -> None:
        torch.set_grad_enabled(True)


class Cuts(Program):
    def on_train_batch_start(self, batch: Any, batch_idx: int) -> int | None:
        return -1 if batch_idx == 2 else None


@pytest.mark.parametrize("module", [Bfgs, Warms, Forgets, Returns, Without, Backs, NoGrad, Cuts])
@pytest.mark.parametrize("options", [{}, {"accumulate_grad_batches": 2, "gradient_clip_val": 0.1}])
def test_the_same_steps(module: type[Program], options: dict[str, Any]) -> None:
    stock, lean = pair(module, of_callback=HOOKS, **options)
    assert bool(stock["error"]) == (module in (Forgets, Returns, Without))
    assert stock == lean
