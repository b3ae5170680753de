"""An optimizer steps with the hooks, the clipping and the counts of Lightning's."""

from typing import Any

import pytest
import torch
from programs.lean_pairs import HOOKS, Program, pair


class Clips(Program):
    """Clips in its own way."""

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: Any = None, gradient_clip_algorithm: Any = None
    ) -> None:
        self.clip_gradients(optimizer, 0.01, "value")


class Zeroes(Program):
    def optimizer_zero_grad(self, epoch: int, batch_idx: int, optimizer: Any) -> None:
        optimizer.zero_grad(set_to_none=False)


class Hooked(Program):
    """An optimizer with hooks of torch's own around its step."""

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), 0.1)

        def before(optimizer: Any, args: Any, kwargs: Any) -> None:
            self.before = [p.grad is None for p in self.parameters()]
            self.seen.append(self.before)

        self.seen: list[Any] = []
        optimizer.register_step_pre_hook(before)
        return optimizer

    def on_train_end(self) -> None:
        self.register_buffer("seen_before", torch.tensor(self.seen).float())


@pytest.mark.parametrize("module", [Clips, Zeroes, Hooked, Program])
def test_the_same_steps(module: type[Program]) -> None:
    stock, lean = pair(module, of_callback=HOOKS)
    assert not stock["error"]
    assert stock == lean


@pytest.mark.parametrize("name", ["clip", "accumulate"])
def test_a_setting_that_a_callback_changes_counts_at_once(name: str) -> None:
    class Changes(Program):
        def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
            trainer: Any = self.trainer
            if batch_idx == 2 and name == "clip":
                trainer.gradient_clip_val = 1e-3
            elif batch_idx == 2:
                trainer.accumulate_grad_batches = 2

    stock, lean = pair(Changes, of_callback=HOOKS)
    assert stock == lean
    assert stock["weights"] != pair(Program)[0]["weights"]
