"""A checkpoint under a name of its own, whole or not at all."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks.actions import SaveCheckpoint
from lightning_kit.callbacks.on_event import OnEvent


@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before")
def test_names_count_from_one(tmp_path: Path) -> None:
    save = SaveCheckpoint("deep/{epoch}-{iteration:03d}.ckpt")
    trainer = pl.Trainer(
        **QUIET,
        max_epochs=2,
        default_root_dir=tmp_path,
        accumulate_grad_batches=2,
        callbacks=[OnEvent(save, "iteration_completed", every=5)],
    )
    trainer.fit(Traced(), loader(), loader())
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["1-005.ckpt", "2-010.ckpt"]
    whole = Traced()
    trainer = pl.Trainer(**QUIET, max_epochs=2)
    trainer.fit(whole, loader(), loader(), ckpt_path=tmp_path / "deep" / "2-010.ckpt")


def test_weights_alone_and_a_name_that_is_replaced(tmp_path: Path) -> None:
    save = SaveCheckpoint(str(tmp_path / "model.ckpt"), weights_only=True)
    trainer = pl.Trainer(
        **QUIET, max_epochs=2, callbacks=[OnEvent(save, ["epoch_started", "completed"])]
    )
    module = Traced()
    trainer.fit(module, loader(), loader())
    assert [p.name for p in tmp_path.glob("model*")] == ["model.ckpt"]
    saved = torch.load(tmp_path / "model.ckpt", weights_only=True)
    assert "optimizer_states" not in saved
    assert torch.equal(saved["state_dict"]["net.weight"], module.net.weight)


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.ckpt"
    path.write_text("before")
    trainer = pl.Trainer(
        **QUIET, max_epochs=1, callbacks=[OnEvent(SaveCheckpoint(str(path)), "completed")]
    )

    def torn(part: str, weights_only: bool) -> None:
        Path(part).write_text("half")
        raise OSError("no space left")

    monkeypatch.setattr(trainer, "save_checkpoint", torn)
    with pytest.raises(OSError, match="no space left"):
        trainer.fit(Traced(), loader(), loader())
    assert [p.read_text() for p in tmp_path.iterdir()] == ["before"]


def test_an_unwritable_folder_is_refused_when_built_or_before_the_fit(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="path must be a file .*got /proc/nope/1.ckpt: /proc"):
        SaveCheckpoint("/proc/nope/{epoch}.ckpt")
    (tmp_path / "file").write_text("")
    trainer = pl.Trainer(
        **QUIET,
        max_epochs=1,
        default_root_dir=tmp_path,
        callbacks=[OnEvent(SaveCheckpoint("file/{epoch}.ckpt"), "completed")],
    )
    with pytest.raises(ValueError, match="path must be a file .*file is no folder; name another"):
        trainer.fit(Traced(), loader(), loader())
    assert trainer.global_step == 0


@pytest.mark.parametrize("path", [3, None, "", "{step}.ckpt", "{}.ckpt", "{epoch", "{epoch:zz}"])
def test_bad_names(path: Any) -> None:
    with pytest.raises(ValueError, match=r"path must be a name, with \{epoch\}"):
        SaveCheckpoint(path)
