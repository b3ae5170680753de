"""A step that broke off leaves nothing behind."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from programs.plain import PlainModule

from lightning_kit import compat


def test_a_scaler_forgets_what_it_unscaled(caplog: pytest.LogCaptureFixture) -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    torch.autograd.backward(scaler.scale(weight.sum()))
    scaler.unscale_(optimizer)
    trainer: Any = SimpleNamespace(precision_plugin=SimpleNamespace(scaler=scaler))
    with pytest.raises(RuntimeError, match="already been called"):
        scaler.unscale_(optimizer)
    compat.forget_unscaled(trainer)
    scaler.unscale_(optimizer)

    trainer.precision_plugin.scaler = object()
    compat.forget_unscaled(trainer)
    assert "keeps no state that can be cleared" in caplog.text


def test_the_current_hook_comes_back() -> None:
    module = PlainModule()
    module._current_fx_name = "training_step"
    back = compat.remember_hook(module)
    module._current_fx_name = "optimizer_step"
    back()
    assert module._current_fx_name == "training_step"
