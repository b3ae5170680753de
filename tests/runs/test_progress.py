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
