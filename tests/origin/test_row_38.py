"""Row 38: `save_hyperparameters(hparams)`, and `log_dict(metrics, prog_bar=True)` in validation."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from origin.stock import QUIET
from pytorch_lightning.loggers import CSVLogger
from torch import Tensor, nn
from torch.nn import functional

from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.tasks import ClassificationTask

GENERATOR = torch.Generator().manual_seed(0)
INPUT = torch.randn(20, 8, generator=GENERATOR)
TARGET = torch.randint(0, 3, (20,), generator=GENERATOR)
HPARAMS = {"num_classes": 3, "label_smoothing": 0.1}


def loader() -> BatchLoader:
    return BatchLoader(INPUT, TARGET, batch_size=8, shuffle=False, seed=0)


class ResearchModel(pl.LightningModule):
    """As printed; `_compute_metrics` is written out."""

    def __init__(self, hparams: dict[str, Any]) -> None:
        super().__init__()
        self.save_hyperparameters(hparams)
        self.model = nn.Linear(8, 3)

    def _compute_metrics(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        logits = self.model(batch[0])
        smoothing = self.hparams["label_smoothing"]
        loss = functional.cross_entropy(logits, batch[1], label_smoothing=smoothing)
        return {"loss": loss, "accuracy": (logits.argmax(dim=1) == batch[1]).float().mean()}

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> dict[str, Tensor]:
        metrics = self._compute_metrics(batch)
        self.log_dict(metrics, prog_bar=True)
        return metrics


def trainer(folder: Path, name: str) -> pl.Trainer:
    logger = CSVLogger(folder, name, version="")
    return pl.Trainer(**{**QUIET, "logger": logger})


def test_hyperparameters_and_metrics_are_logged_as_the_article_logs_them(tmp_path: Path) -> None:
    module = ResearchModel(HPARAMS)
    (wanted,) = trainer(tmp_path, "article").validate(module, loader(), verbose=False)

    task = ClassificationTask(module.model, **HPARAMS)  # type: ignore[arg-type]
    (logged,) = trainer(tmp_path, "kit").validate(task, loader(), verbose=False)

    assert logged["val/loss"] == pytest.approx(wanted["loss"])
    assert logged["val/accuracy"] == pytest.approx(wanted["accuracy"])
    for name in ("article", "kit"):
        saved = yaml.safe_load((tmp_path / name / "hparams.yaml").read_text())
        assert HPARAMS.items() <= saved.items()


def test_a_dict_of_hyperparameters_of_ones_own_is_saved_by_a_task_too() -> None:
    task = ClassificationTask(nn.Linear(8, 3), 3)
    task.save_hyperparameters({"team": "vision"})
    assert task.hparams["team"] == ResearchModel({"team": "vision"}).hparams["team"]


def test_a_task_that_logs_a_dict_shows_it_in_the_progress_bar() -> None:
    seen: dict[str, Any] = {}

    class See(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            pl_module: Any = trainer.lightning_module
            pl_module.log_dict({"train/a": 1.0, "train/b": 2.0}, prog_bar=True)

        def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            seen.update(trainer.progress_bar_metrics)

    options = {**QUIET, "callbacks": [See()]}
    task = ClassificationTask(nn.Linear(8, 3), 3)
    pl.Trainer(max_epochs=1, **options).fit(task, loader(), loader())
    assert {"train/a": 1.0, "train/b": 2.0}.items() <= seen.items()
