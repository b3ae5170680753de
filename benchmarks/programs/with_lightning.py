"""The seed program on Lightning: a user's module, stock or lean, and the kit's own task."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import CSVLogger
from torch import Tensor, nn

from benchmarks.harness.same_work import Outcome
from benchmarks.programs.seed import FEATURES, Seed, copied, metrics, read_scores
from lightning_kit.callbacks import EarlyStopping, ModelCheckpoint
from lightning_kit.loops import lean
from lightning_kit.tasks import ClassificationTask


class SeedModule(pl.LightningModule):
    """What a user writes after reading Lightning's tutorials."""

    def __init__(self, seed: Seed) -> None:
        super().__init__()
        self.adam = seed.adam
        self.model = seed.model()
        self.example_input_array = torch.zeros(1, FEATURES)
        self.train_accuracy, self.train_f1 = metrics()
        self.val_accuracy, self.val_f1 = metrics()

    def forward(self, input: Tensor) -> Tensor:
        return self.model(input)  # type: ignore[no-any-return]

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        input, target = batch
        logits = self.model(input)
        loss = nn.functional.cross_entropy(logits, target)
        self.train_accuracy.update(logits, target)
        self.train_f1.update(logits, target)
        self.log("train/loss_step", loss)
        self.log("train/loss", loss, on_step=False, on_epoch=True, sync_dist=True)
        self.log("train/accuracy", self.train_accuracy, on_step=False, on_epoch=True)
        self.log("train/f1", self.train_f1, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        input, target = batch
        logits = self.model(input)
        self.val_accuracy.update(logits, target)
        self.val_f1.update(logits, target)
        self.log("val/loss", nn.functional.cross_entropy(logits, target), sync_dist=True)
        self.log("val/accuracy", self.val_accuracy)
        self.log("val/f1", self.val_f1)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.adam(self.parameters())


def trainer_for(
    seed: Seed, folder: Path, callbacks: list[pl.Callback], **settings: Any
) -> pl.Trainer:
    """Return a trainer with a CSV file and without what writes to the terminal."""
    options: dict[str, Any] = {
        "max_epochs": seed.epochs,
        "accelerator": "cpu",
        "devices": seed.world_size,
        "strategy": "auto" if seed.world_size == 1 else "ddp",
        "use_distributed_sampler": False,
        "logger": CSVLogger(folder, name="", version=""),
        "callbacks": callbacks,
        "default_root_dir": folder,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
    }
    return pl.Trainer(**{**options, **settings})


def _fit(
    module: pl.LightningModule, trainer: pl.Trainer, seed: Seed, boundary: Callable[[], None]
) -> Outcome:
    trainer.fit(module, *seed.loaders(boundary))
    folder, saver = Path(trainer.default_root_dir), trainer.checkpoint_callback
    assert isinstance(saver, pl.callbacks.ModelCheckpoint)
    # Names are `epoch=3-step=1600`.
    names = [Path(path).stem for path in saver.best_k_models]
    kept = sorted(int(name.partition("=")[2].partition("-")[0]) for name in names)
    scores = read_scores(folder / "metrics.csv") if trainer.is_global_zero else {}
    return Outcome(copied(module.model), scores, kept)  # type: ignore[arg-type]


def on_lightning(
    seed: Seed, folder: Path, boundary: Callable[[], None], *, is_lean: bool
) -> Outcome:
    """Fit a user's module with Lightning's own callbacks."""
    callbacks = [
        pl.callbacks.EarlyStopping("val/f1", mode="max", patience=seed.epochs),
        pl.callbacks.ModelCheckpoint(
            folder / "checkpoints", monitor="val/f1", mode="max", save_top_k=2
        ),
    ]
    trainer = trainer_for(seed, folder, callbacks)
    return _fit(SeedModule(seed), lean(trainer) if is_lean else trainer, seed, boundary)


stock = partial(on_lightning, is_lean=False)
leaned = partial(on_lightning, is_lean=True)


def with_the_kit(seed: Seed, folder: Path, boundary: Callable[[], None]) -> Outcome:
    """Fit the kit's task with the kit's callbacks on a lean trainer."""
    accuracy, f1 = metrics()
    task = ClassificationTask(
        seed.model(), 10, metrics={"accuracy": accuracy, "f1": f1}, optimizer=seed.adam
    )
    callbacks: list[pl.Callback] = [
        EarlyStopping("val/f1", mode="max", patience=seed.epochs),
        ModelCheckpoint(folder / "checkpoints", monitor="val/f1", mode="max", save_top_k=2),
    ]
    return _fit(task, lean(trainer_for(seed, folder, callbacks)), seed, boundary)
