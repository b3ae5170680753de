"""Row 17: macro F1 in training. As printed (`F1Score(num_classes=10)` without a task) it fails."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from ignite.metrics import Fbeta
from origin.stock import QUIET
from sklearn.metrics import f1_score
from torch import Tensor, nn, optim
from torchmetrics import F1Score

from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.tasks import ClassificationTask

INPUT = torch.randn(50, 20, generator=torch.Generator().manual_seed(0))
TARGET = torch.randint(0, 10, (50,), generator=torch.Generator().manual_seed(1))


def loader() -> BatchLoader:
    # 50 rows in batches of 16: the last one has 2, where a mean of batch scores goes wrong.
    return BatchLoader(INPUT, TARGET, batch_size=16, shuffle=False, seed=0)


class Record(pl.Callback):
    """What the model answered in training, before each step changed it."""

    def __init__(self) -> None:
        self.guesses: list[Tensor] = []

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        with torch.no_grad():
            self.guesses.append(pl_module.model(batch[0]))


def test_the_printed_sample_fails_today() -> None:
    with pytest.raises(TypeError, match="task"):
        F1Score(num_classes=10)  # type: ignore[call-arg]


def test_f1_in_training_is_scikit_learns_and_ignites() -> None:
    record = Record()
    trainer = pl.Trainer(max_epochs=1, callbacks=[record], **QUIET)
    sgd = lambda params: optim.SGD(params, lr=0.5)  # noqa: E731
    trainer.fit(ClassificationTask(nn.Linear(20, 10), 10, optimizer=sgd), loader(), loader())
    logged = trainer.callback_metrics["train/f1"].item()

    guesses = torch.cat(record.guesses)
    assert logged == pytest.approx(f1_score(TARGET, guesses.argmax(dim=1), average="macro"))

    evaluator = Engine(lambda engine, rows: rows)
    Fbeta(1, average=True).attach(evaluator, "f1")
    pairs = list(zip(record.guesses, torch.split(TARGET, 16), strict=True))
    assert logged == pytest.approx(evaluator.run(pairs).metrics["f1"])
