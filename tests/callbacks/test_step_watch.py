"""Steps that an optimizer takes are heard."""

import pytest
import torch

from lightning_kit.callbacks.step_watch import watch_steps


def test_each_step_until_it_is_stopped() -> None:
    optimizers = [torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1) for _ in range(2)]
    said: list[int] = []
    stop = watch_steps(optimizers, lambda: said.append(1))
    for optimizer in optimizers:
        optimizer.step()
    stop()
    optimizers[0].step()
    assert len(said) == 2


def test_an_optimizer_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an optimizer of torch, got object: listen to"):
        watch_steps([object()], print)
