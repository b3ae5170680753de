"""A checkpoint says how far its run had come, in whole epochs and in steps."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from programs.scored import fit

from lightning_kit.runs.progress import Progress


def test_a_checkpoint_of_a_whole_epoch_counts_it(tmp_path: Path) -> None:
    fit([0.0, 0.0, 0.0], pl.callbacks.ModelCheckpoint(tmp_path, "whole"), batches=4)
    content = torch.load(tmp_path / "whole.ckpt", weights_only=True)
    assert Progress.of(content) == Progress(epochs=3, steps=12)


def test_one_from_the_middle_of_an_epoch_does_not(tmp_path: Path) -> None:
    saved = pl.callbacks.ModelCheckpoint(tmp_path, "middle", every_n_train_steps=3)
    fit([0.0], saved, batches=4)
    content = torch.load(tmp_path / "middle.ckpt", weights_only=True)
    assert Progress.of(content) == Progress(epochs=0, steps=3)


def test_one_that_says_nothing_has_done_nothing() -> None:
    assert Progress.of({"state_dict": {}}) == Progress(0, 0)


@pytest.mark.parametrize(
    ("max_epochs", "max_steps", "said"),
    [
        (4, -1, "4 of 4 epochs: raise --trainer.max_epochs"),
        (2, -1, "4 of 2 epochs: raise --trainer.max_epochs"),
        (9, 30, "32 of 30 steps: raise --trainer.max_steps"),
        (None, 32, "32 of 32 steps: raise --trainer.max_steps"),
        (5, 33, None),
        (-1, -1, None),
        (None, -1, None),
    ],
)
def test_what_is_reached_is_named_with_its_flag(
    max_epochs: int | None, max_steps: int, said: str | None
) -> None:
    assert Progress(4, 32).nothing_left(max_epochs, max_steps) == said


@pytest.mark.parametrize(
    ("ready", "completed", "is_last", "validating"),
    [(0, 0, False, False), (2, 2, False, True), (5, 4, True, True), (5, 5, True, False)],
)
def test_a_validation_that_was_cut_is_left_after_the_last_step(
    ready: int, completed: int, is_last: bool, validating: bool
) -> None:
    current = {"ready": ready, "completed": completed}
    loop = {"epoch_loop.val_loop.batch_progress": {"current": current, "is_last_batch": is_last}}
    found = Progress.of({"loops": {"fit_loop": loop}, "global_step": 8, "epoch": 1})
    assert found == Progress(1, 8, validating)
    assert (found.nothing_left(-1, 8) is None) is validating
    assert found.nothing_left(-1, 7) is not None
    assert found.nothing_left(1, -1) is not None, "the validation was of a later epoch"


def test_what_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    torn = tmp_path / "torn.ckpt"
    torn.write_bytes(b"PK")
    assert Progress.read(torn) is None
    assert Progress.read(tmp_path) is None
    torch.save({"state_dict": {}, "epoch": 2, "global_step": 7}, torn)
    assert Progress.read(torn) == Progress(2, 7)
