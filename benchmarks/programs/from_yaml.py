"""The seed program through the kit's command line, with all that it does beside the fit."""

from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import yaml

from benchmarks.harness.same_work import Outcome
from benchmarks.programs.seed import Seed, read_scores
from lightning_kit.cli import main

#: What the fit of this process calls where an epoch begins.
BOUNDARIES: list[Callable[[], None]] = []
ADAM = {"class_path": "torch.optim.Adam", "init_args": {"lr": 1e-3}}
LINEAR = {"class_path": "torch.nn.Linear", "init_args": {"in_features": 784, "out_features": 10}}


class EpochStarts(pl.Callback):
    """Say where an epoch begins."""

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        BOUNDARIES[-1]()


def recipe(seed: Seed, folder: Path) -> dict[str, Any]:
    """Write the data, and return the recipe that trains on it."""
    paths = {}
    train, train_target, val, val_target = seed.data
    for part, input, target in (("train", train, train_target), ("val", val, val_target)):
        path = folder / f"{part}.npz"
        np.savez(path, input=input.numpy(), target=target.numpy())
        paths[f"{part}_path"] = str(path)
    score = {"monitor": "val/f1", "mode": "max"}
    callbacks: list[dict[str, Any]] = [
        {"class_path": "benchmarks.programs.from_yaml.EpochStarts"},
        {
            "class_path": "lightning_kit.callbacks.EarlyStopping",
            "init_args": {**score, "patience": seed.epochs},
        },
        {
            "class_path": "lightning_kit.callbacks.ModelCheckpoint",
            "init_args": {**score, "save_top_k": 2},
        },
    ]
    return {
        "seed_everything": 0,
        "model": {
            "class_path": "lightning_kit.tasks.ClassificationTask",
            "init_args": {"num_classes": 10, "model": LINEAR, "optimizer": ADAM},
        },
        "data": {"class_path": "lightning_kit.datamodules.ArrayDataModule", "init_args": paths},
        "trainer": {
            "max_epochs": seed.epochs,
            "accelerator": "cpu",
            "devices": 1,
            "default_root_dir": str(folder / "runs"),
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 0,
            "callbacks": callbacks,
        },
    }


def from_yaml(seed: Seed, folder: Path, boundary: Callable[[], None]) -> Outcome:
    """Fit; only what was logged can be compared with the other programs."""
    folder.mkdir(parents=True)
    path = folder / "seed.yaml"
    path.write_text(yaml.safe_dump(recipe(seed, folder)))
    BOUNDARIES.append(boundary)
    try:
        with redirect_stdout(StringIO()):
            code = main(["fit", "-c", str(path)])
    finally:
        BOUNDARIES.pop()
    if code:
        raise RuntimeError(f"lightning-kit fit -c {path} ended with {code}")
    return Outcome([], read_scores(folder / "runs" / "seed" / "latest" / "metrics.csv"))
