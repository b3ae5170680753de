"""A checkpoint saved by one rank, and the weights that one holds."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.plain import PlainData, PlainModule
from programs.traced import QUIET

from lightning_kit import compat


def trained() -> pl.Trainer:
    trainer = pl.Trainer(max_epochs=1, **QUIET)
    trainer.fit(PlainModule(), datamodule=PlainData())
    return trainer


def test_a_rank_local_checkpoint_is_lightnings_own(tmp_path: Path) -> None:
    trainer = trained()
    assert compat.save_rank_local(trainer, tmp_path / "deep" / "local.ckpt")
    trainer.save_checkpoint(tmp_path / "stock.ckpt")
    local = torch.load(tmp_path / "deep" / "local.ckpt", weights_only=True)
    stock = torch.load(tmp_path / "stock.ckpt", weights_only=True)
    assert local.keys() == stock.keys()
    for name, weight in stock["state_dict"].items():
        assert torch.equal(weight, local["state_dict"][name])


def test_without_lightnings_dump_nothing_is_saved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = SimpleNamespace(strategy=pl.Trainer(accelerator="cpu", logger=False).strategy)
    assert not compat.save_rank_local(trainer, tmp_path / "a.ckpt")  # type: ignore[arg-type]
    assert "no dump_checkpoint" in caplog.text


def test_a_sharded_strategy_is_left_alone(tmp_path: Path) -> None:
    assert not compat.save_rank_local(SimpleNamespace(strategy=object()), tmp_path / "a")  # type: ignore[arg-type]


def test_an_optimizer_whose_state_is_dealt_out_is_left_alone(tmp_path: Path) -> None:
    trainer = trained()
    vars(trainer.optimizers[0])["consolidate_state_dict"] = pytest.fail
    assert not compat.save_rank_local(trainer, tmp_path / "a.ckpt")
    assert not list(tmp_path.iterdir())


def test_the_weights_to_save_are_those_of_a_weights_only_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = trained()

    def mark(checkpoint: dict[str, Any]) -> None:
        checkpoint["state_dict"] = {"marked": torch.ones(1)}

    monkeypatch.setattr(trainer.lightning_module, "on_save_checkpoint", mark)
    trainer.save_checkpoint(tmp_path / "weights.ckpt", weights_only=True)
    stock = torch.load(tmp_path / "weights.ckpt", weights_only=True)["state_dict"]
    assert compat.weights_to_save(trainer).keys() == stock.keys() == {"marked"}

    monkeypatch.setattr(trainer, "_checkpoint_connector", object())
    assert compat.weights_to_save(trainer).keys() == trainer.lightning_module.state_dict().keys()
    assert "no dump_checkpoint" in caplog.text
