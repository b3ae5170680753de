"""An attribute gets another value, and keeps it over a resume."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks.actions import SetAttribute
from lightning_kit.callbacks.on_event import OnEvent


class Holder(Traced):
    def __init__(self) -> None:
        super().__init__()
        self.parts: Any = [{"weight": 1.0}, 2]
        self.register_buffer("temperature", torch.ones(()))


def fit(*actions: SetAttribute, module: pl.LightningModule, **settings: Any) -> pl.Trainer:
    ckpt_path = settings.pop("ckpt_path", None)
    callbacks: list[pl.Callback] = [OnEvent(a, "epoch_started", once=2) for a in actions]
    trainer = pl.Trainer(**{**QUIET, "max_epochs": 2, **settings}, callbacks=callbacks)
    trainer.fit(module, loader(), loader(), ckpt_path=ckpt_path)
    return trainer


def test_attributes_keys_indices_and_tensors() -> None:
    module = Holder()
    held = module.temperature
    targets = {"dropout.p": 0.5, "parts.0.weight": 3.0, "parts.1": None, "temperature": 7.0}
    fit(*(SetAttribute(f"model.{t}", value) for t, value in targets.items()), module=module)
    assert module.dropout.p == 0.5
    assert module.parts == [{"weight": 3.0}, None]
    assert module.temperature is held
    assert held == 7.0


def test_it_holds_after_a_resume_and_a_setting_wins_before(tmp_path: Path) -> None:
    trainer = fit(SetAttribute("model.dropout.p", 0.5), module=Holder())
    trainer.save_checkpoint(tmp_path / "two.ckpt")
    later = Holder()
    fit(
        SetAttribute("model.dropout.p", 0.5),
        module=later,
        ckpt_path=tmp_path / "two.ckpt",
        max_epochs=3,
    )
    assert later.dropout.p == 0.5

    trainer = fit(SetAttribute("model.dropout.p", 0.5), module=Holder(), max_epochs=1)
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    changed = Holder()
    changed.dropout.p = 0.25
    resumed = OnEvent(SetAttribute("model.dropout.p", 0.5), "epoch_started", once=9)
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=[resumed])
    trainer.fit(changed, loader(), loader(), ckpt_path=tmp_path / "one.ckpt")
    assert changed.dropout.p == 0.25, "it had not acted: the module's own setting stands"


def test_bad_targets() -> None:
    with pytest.raises(ValueError, match="target must be 'model.<attribute>'.*got 'dropout.p'"):
        SetAttribute("dropout.p", 1)
    with pytest.raises(ValueError, match="'dropuot'.*did you mean 'dropout'"):
        fit(SetAttribute("model.dropuot.p", 1), module=Holder())
    with pytest.raises(ValueError, match="has no 'q'"):
        fit(SetAttribute("model.dropout.q", 1), module=Holder())
    with pytest.raises(ValueError, match="needs a datamodule, the fit has none"):
        fit(SetAttribute("datamodule.batch_size", 1), module=Holder())


class Awkward(Holder):
    def __init__(self) -> None:
        super().__init__()
        self.pair: Any = (1.0, [2.0])
        self.named: Any = Pair(1.0, 2.0)
        self.whole = 3

    @property
    def fixed(self) -> float:
        return 1.0


class Pair(NamedTuple):
    left: float
    right: float


def test_entries_of_tuples() -> None:
    module = Awkward()
    targets = {"pair.0": "x", "pair.1.0": 3.0, "named.1": 4.0, "whole": 0.5}
    fit(*(SetAttribute(f"model.{t}", value) for t, value in targets.items()), module=module)
    assert module.pair == ("x", [3.0])
    assert module.named == Pair(1.0, 4.0)
    assert module.whole == 0.5


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("fixed", "target 'model.fixed' cannot be set: .*fixed.*has no setter"),
        ("net", "target 'model.net' cannot be set: .*cannot assign 'float' as child module 'net'"),
        ("whole.x.y", "target 'model.whole.x.y': the int has no 'x'; it has nothing"),
    ],
)
def test_what_cannot_be_set(target: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(SetAttribute(f"model.{target}", 2.0), module=Awkward())
