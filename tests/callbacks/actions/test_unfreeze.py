"""What no optimizer holds cannot learn again."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks.actions import Unfreeze
from lightning_kit.callbacks.on_event import OnEvent


class Held(Traced):
    def __init__(self, *, hand_over: bool) -> None:
        super().__init__()
        self.hand_over = hand_over
        self.net.bias.requires_grad_(False)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(
            [p for p in self.parameters() if self.hand_over or p.requires_grad], 0.1
        )


@pytest.mark.parametrize("hand_over", [True, False])
def test_only_what_an_optimizer_holds(hand_over: bool) -> None:
    module = Held(hand_over=hand_over)
    unfreeze = OnEvent(Unfreeze("net"), "epoch_started", once=2)
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=[unfreeze])
    if hand_over:
        trainer.fit(module, loader(), loader())
        assert module.net.bias.item() != 0
    else:
        with pytest.raises(ValueError, match="match net.bias, which no optimizer holds"):
            trainer.fit(module, loader(), loader())
