"""What is frozen does not move, also after a resume."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks.actions import Freeze, Unfreeze
from lightning_kit.callbacks.on_event import OnEvent


class Deep(Traced):
    """Two layers under momentum, which goes on to move what has an old gradient."""

    def __init__(self) -> None:
        super().__init__()
        pl.seed_everything(0, verbose=False)
        self.encoder = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
        self.seen: list[float] = []

    def loss(self, batch: Any) -> torch.Tensor:
        return super().loss((self.encoder(batch[0]), batch[1]))

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)

    def on_train_epoch_end(self) -> None:
        self.seen.append(self.get_parameter("encoder.0.weight")[0, 0].item())


def fit(callbacks: list[pl.Callback], ckpt_path: Any = None, epochs: int = 3) -> Any:
    module = Deep()
    trainer = pl.Trainer(**QUIET, max_epochs=epochs, callbacks=callbacks)
    trainer.fit(module, loader(), loader(), ckpt_path=ckpt_path)
    return module, trainer


def both() -> list[pl.Callback]:
    return [
        OnEvent(Freeze("encoder"), "epoch_started", once=2),
        OnEvent(Unfreeze("encoder.*"), "epoch_started", once=4),
    ]


def test_frozen_and_unfrozen_and_resumed_in_between(tmp_path: Path) -> None:
    whole, _ = fit(both(), epochs=5)
    first, second, third, fourth, fifth = whole.seen
    assert first == second == third
    assert len({third, fourth, fifth}) == 3
    _, trainer = fit(both(), epochs=2)
    trainer.save_checkpoint(tmp_path / "two.ckpt")
    resumed, _ = fit(both(), tmp_path / "two.ckpt", epochs=5)
    assert resumed.seen == [third, fourth, fifth]


def test_patterns_pick_submodules_and_parameters() -> None:
    module, _ = fit([OnEvent(Freeze(["encoder.1", "*.bias"]), "started")], epochs=1)
    trained = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
    assert trained == ["net.weight", "encoder.0.weight"]


def test_bad_names() -> None:
    with pytest.raises(ValueError, match="names must be names or patterns"):
        Freeze([])
    with pytest.raises(ValueError, match="'decoder' matches none; there are net, encoder"):
        fit([OnEvent(Freeze("decoder"), "started")])
    with pytest.raises(ValueError, match="'dropout' matches none"):
        fit([OnEvent(Unfreeze("dropout"), "started")])
