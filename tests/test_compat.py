"""What the kit reads of protected state is there, and its absence is survived."""

import threading
from pathlib import Path
from types import SimpleNamespace

import lightning.pytorch as twin
import pytest
import pytorch_lightning as pl
import torch
from programs.plain import PlainData, PlainModule

from lightning_kit import compat


def trained() -> pl.Trainer:
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
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


def test_the_observer_no_longer_sees_children() -> None:
    from lightning_fabric.strategies.launchers.subprocess_script import _ChildProcessObserver

    child = SimpleNamespace(poll=lambda: None, returncode=1, pid=1)
    observer = _ChildProcessObserver(main_pid=0, child_processes=[child], sleep_period=0)  # type: ignore[list-item]
    running = threading.enumerate
    try:
        threading.enumerate = lambda: [observer]
        compat.release_observer()
    finally:
        threading.enumerate = running
    assert observer._run(), "a released observer has nothing to watch, and kills nothing"


def test_a_twins_trainer_is_named() -> None:
    trainer = twin.Trainer(accelerator="cpu", logger=False)
    with pytest.raises(TypeError, match=r"lightning\.pytorch.*pytorch_lightning\.Trainer"):
        compat.refuse_twin(trainer, object())


def test_there_is_no_store_without_a_process_group() -> None:
    assert compat.default_store() is None


def test_rank_and_callbacks_are_read() -> None:
    assert compat.global_rank() == 0
    assert compat.callbacks_of(pl.Trainer(accelerator="cpu", logger=False))
