"""A checkpoint is the same by either loop, and either goes on from it alike."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.lean_pairs import OF_THE_MODULE, Adversaries, Program, plain, rows, run
from pytorch_lightning.callbacks import ModelCheckpoint

CASES: dict[str, tuple[Callable[[], pl.LightningModule], dict[str, Any]]] = {
    "plain": (Program, {}),
    "accumulation and a schedule": (partial(Program, "step"), {"accumulate_grad_batches": 2}),
    "fp16": (Program, {"precision": "16-mixed"}),
    "validation within the epoch": (Program, {"val_check_interval": 0.5}),
    "manual": (Adversaries, {}),
}


class Batches:
    """A loader that goes on where it was."""

    def __init__(self) -> None:
        data = rows(16)
        self.batches = [list(data[i : i + 4]) for i in range(0, 16, 4)]
        self.next = 0

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Any]:
        for index in range(self.next, len(self.batches)):
            self.next = (index + 1) % len(self.batches)
            yield self.batches[index]

    def state_dict(self) -> dict[str, int]:
        return {"next": self.next}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.next = state["next"]


class Saves(pl.Callback):
    """Saves in the second epoch, within a window of accumulation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.fit_loop.total_batch_idx == 4:
            trainer.save_checkpoint(self.folder / "window.ckpt")


def fit(is_lean: bool, name: str, *callbacks: pl.Callback, **more: Any) -> dict[str, Any]:
    module, options = CASES[name]
    found = run(
        is_lean, module, lambda: list(callbacks), of_module=OF_THE_MODULE, train=Batches(),
        **{**options, **more},
    )  # fmt: skip
    assert not found["error"]
    return found


def whole(is_lean: bool, name: str, folder: Path) -> dict[str, Any]:
    """Return an uninterrupted run, whose checkpoints are in ``folder``."""
    # The sixth batch, after which a validation within the epoch is due.
    num_steps = 3 if "accumulate_grad_batches" in CASES[name][1] else 6
    middle = ModelCheckpoint(folder, "middle-{step}", every_n_train_steps=num_steps, save_top_k=-1)
    end = ModelCheckpoint(folder, "end-{epoch}", save_top_k=-1, save_on_train_epoch_end=True)
    return fit(is_lean, name, Saves(folder), middle, end, enable_checkpointing=True)


def state(checkpoint: Path) -> Any:
    """Return what a checkpoint holds, but for the paths of the run that saved it."""
    found = torch.load(checkpoint, weights_only=True)
    del found["callbacks"]
    return plain(found)


@pytest.mark.parametrize("name", CASES)
def test_either_goes_on_from_the_others_checkpoint(name: str, tmp_path: Path) -> None:
    folders = [tmp_path / "stock", tmp_path / "lean"]
    uninterrupted, lean = (whole(bool(k), name, folder) for k, folder in enumerate(folders))
    assert uninterrupted == lean
    for file in ("middle", "window", "end"):
        stock_path, lean_path = (min(folder.glob(f"{file}*.ckpt")) for folder in folders)
        assert stock_path.name == lean_path.name
        assert state(stock_path) == state(lean_path)
        oracle = fit(False, name, ckpt_path=str(stock_path))
        assert fit(True, name, ckpt_path=str(stock_path)) == oracle
        assert fit(False, name, ckpt_path=str(lean_path)) == oracle
        if file != "window" or "accumulate_grad_batches" not in CASES[name][1]:
            # Of an open window Lightning keeps no gradients.
            assert oracle["weights"] == uninterrupted["weights"]
            assert oracle["global_step"] == uninterrupted["global_step"]
        if file == "end":
            # Lightning counts validation batches anew, and keeps no means within an epoch.
            logged = [[row for _, row in found["rows"]] for found in (oracle, uninterrupted)]
            assert logged[0]
            assert logged[0] == logged[1][-len(logged[0]) :]
