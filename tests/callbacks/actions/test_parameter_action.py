"""Freezing says what it left behind once it has acted."""

import pytorch_lightning as pl
from programs.traced import QUIET, Traced

from lightning_kit.callbacks.actions import Freeze
from lightning_kit.callbacks.effects import Effect, capture


def test_nothing_before_it_acts_and_the_whole_state_after() -> None:
    trainer, module, freeze = pl.Trainer(**QUIET), Traced(), Freeze("net")
    assert isinstance(freeze, Effect)
    idle = Freeze("dropout")
    assert capture([freeze], trainer, module) == {}
    freeze.restore(trainer, module, {"net.weight": False})
    frozen = {"requires_grad": {"net.weight": False, "net.bias": True}}
    assert capture([freeze, idle], trainer, module) == frozen
    assert not module.net.weight.requires_grad
