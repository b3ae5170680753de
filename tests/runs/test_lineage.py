import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from programs.plain import PlainData, PlainModule

from lightning_kit.datamodules import DigitsDataModule
from lightning_kit.export.samples import Samples
from lightning_kit.loops import lean
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.lineage import fingerprint, lineage_of
from lightning_kit.runs.record import RunRecord

SAMPLES = Samples({"input": np.ones((3, 2), np.float32)}, np.arange(3))


def test_a_run_names_itself_its_configuration_and_its_checkpoint(tmp_path: Path) -> None:
    run = RunDirectory.create("digits", tmp_path)
    run.config.write_text("a: 1\n")
    RunRecord("digits", git_commit="abc").write(run.record_path)
    found = lineage_of(
        run=run,
        checkpoint=run.checkpoints / "best.ckpt",
        content={"epoch": 4, "global_step": 200},
        samples=SAMPLES,
    )
    assert found["run"] == f"digits/{run.path.name}"
    assert found["checkpoint"] == "checkpoints/best.ckpt"
    assert (found["epoch"], found["step"], found["git_commit"]) == (5, 200, "abc")
    assert found["configuration"] == hashlib.sha256(b"a: 1\n").hexdigest()
    assert str(tmp_path) not in json.dumps(found)


class Saves(pl.Callback):
    """Save in the middle of the second epoch, and at its end."""

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        if trainer.current_epoch == 1 and args[-1] == 1:
            trainer.save_checkpoint("middle.ckpt")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.current_epoch == 1:
            trainer.save_checkpoint("end.ckpt")


@pytest.mark.parametrize("adapt", [lean, lambda trainer: trainer], ids=["lean", "stock"])
def test_the_epoch_is_the_last_that_had_begun(
    adapt: Callable[[pl.Trainer], pl.Trainer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trainer = adapt(
        pl.Trainer(
            max_epochs=3, accelerator="cpu", callbacks=[Saves()], logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        )
    )  # fmt: skip
    trainer.fit(PlainModule(), PlainData())
    trainer.save_checkpoint("after.ckpt")
    found = {}
    for name in ("middle", "end", "after"):
        content = torch.load(f"{name}.ckpt", weights_only=True)
        lineage = lineage_of(content=content)
        found[name] = (lineage["epoch"], lineage["step"])
    assert found == {"middle": (2, 7), "end": (2, 10), "after": (3, 15)}


def test_what_is_unknown_is_none() -> None:
    found = lineage_of()
    assert found["run"] is None
    assert set(found["data"].values()) == {None}


def test_a_fingerprint_changes_with_the_rows_and_with_how_they_are_dealt() -> None:
    data = DigitsDataModule(seed=1)
    first = fingerprint(data, SAMPLES)
    assert first == fingerprint(data, Samples(dict(SAMPLES.rows), SAMPLES.target))
    assert first["dealt"] == {"fractions": [0.7, 0.15, 0.15], "seed": 1}
    other = Samples({"input": np.zeros((3, 2), np.float32)}, np.arange(3))
    assert fingerprint(data, other)["checked_rows"] != first["checked_rows"]
    assert fingerprint(DigitsDataModule(seed=2), SAMPLES)["dealt"] != first["dealt"]


def test_cells_of_a_table_have_a_fingerprint_too() -> None:
    cells = Samples({"size": [1, None, "x"]})
    same = Samples({"size": [1, None, "x"]})
    other = Samples({"size": [1, None, "y"]})
    hashes = [fingerprint(None, each)["checked_rows"] for each in (cells, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_training_rows_have_a_hash_of_their_own() -> None:
    first = fingerprint(None, SAMPLES, {"input": np.ones((2, 2))})
    assert first["training_rows"] != fingerprint(None, SAMPLES, SAMPLES.rows)["training_rows"]
    assert first["checked_rows"] == fingerprint(None, SAMPLES)["checked_rows"]
