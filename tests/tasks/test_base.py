import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional
from torchmetrics import Metric
from torchmetrics.classification import MulticlassRecall

from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.tasks import ClassificationTask, RegressionTask

MakeTrainer = Callable[..., pl.Trainer]
MakeLoader = Callable[..., BatchLoader]


@pytest.fixture
def rows() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(10, 5, generator=generator), torch.randint(3, (10,), generator=generator)


def test_an_epoch_logs_each_stage_under_its_own_keys(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    trainer, task = make_trainer(), ClassificationTask(nn.Linear(5, 3), 3)
    trainer.fit(task, make_loader(*rows), make_loader(*rows))
    train = {"train/loss_step", "train/loss", "train/accuracy", "train/f1"}
    val = {"val/loss", "val/accuracy", "val/f1", "val/auroc"}
    assert set(trainer.callback_metrics) == train | val
    assert set(trainer.progress_bar_metrics) == {"train/loss_step"}


def test_the_loss_of_an_epoch_is_the_mean_over_samples(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    # Batches of 4, 4 and 2 would give another mean if each counted the same.
    task = ClassificationTask(nn.Linear(5, 3), 3)
    (logged,) = make_trainer().test(task, make_loader(*rows), verbose=False)
    with torch.no_grad():
        wanted = functional.cross_entropy(task.model(rows[0]), rows[1])
    assert logged["test/loss"] == pytest.approx(wanted.item(), rel=1e-6)


def test_metrics_start_anew_each_epoch_and_after_a_broken_one(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    task = ClassificationTask(nn.Linear(5, 3), 3)

    class Break(pl.Callback):
        def on_validation_batch_end(self, *args: Any) -> None:
            raise RuntimeError("broken off")

    loader = make_loader(*rows)
    once = make_trainer().validate(task, loader, verbose=False)
    with pytest.raises(RuntimeError, match="broken off"):
        make_trainer(callbacks=[Break()]).validate(task, make_loader(*rows), verbose=False)
    assert make_trainer().validate(task, loader, verbose=False) == once


def test_callbacks_see_the_epochs_values_in_their_own_hooks(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    seen: list[float] = []

    class See(pl.Callback):
        def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            seen.append(trainer.callback_metrics["train/accuracy"].item())

    trainer = make_trainer(max_epochs=2, callbacks=[See()])
    trainer.fit(ClassificationTask(nn.Linear(5, 3), 3), make_loader(*rows), make_loader(*rows))
    assert len(seen) == 2
    assert seen[-1] == trainer.callback_metrics["train/accuracy"].item()


def test_a_step_returns_its_loss_and_what_it_is_the_mean_of(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    weights: list[int] = []

    class See(pl.Callback):
        def on_train_batch_end(
            self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *_: Any
        ) -> None:
            weights.append(outputs["weight"])
            assert outputs["loss"].ndim == 0

    make_trainer(callbacks=[See()]).fit(
        ClassificationTask(nn.Linear(5, 3), 3), make_loader(*rows), make_loader(*rows)
    )
    assert weights == [4, 4, 2]


def test_prediction_is_the_postprocessed_output(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    task = ClassificationTask(nn.Linear(5, 3), 3)
    bare = BatchLoader(rows[0], None, batch_size=4, shuffle=False, seed=0)
    for loader in (make_loader(*rows), bare):
        batches = make_trainer().predict(task, loader)
        assert batches is not None
        answer = {key: torch.cat([batch[key] for batch in batches]) for key in batches[0]}
        with torch.no_grad():
            wanted = task.postprocess(task.model(rows[0]))
        torch.testing.assert_close(answer, dict(wanted))


def test_default_optimizer_is_adamw_and_fused_on_the_trainers_device(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    trainer, task = make_trainer(), ClassificationTask(nn.Linear(5, 3), 3)
    trainer.fit(task, make_loader(*rows), make_loader(*rows))
    (optimizer,) = trainer.optimizers
    assert isinstance(optimizer, torch.optim.AdamW)
    assert (optimizer.defaults["lr"], optimizer.defaults["fused"]) == (1e-3, True)


def test_gradients_are_let_go_and_not_filled_with_zeros(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    seen: list[bool] = []

    class See(pl.Callback):
        def on_before_backward(self, trainer: Any, module: Any, loss: torch.Tensor) -> None:
            seen.append(all(parameter.grad is None for parameter in module.parameters()))

    make_trainer(callbacks=[See()]).fit(
        ClassificationTask(nn.Linear(5, 3), 3), make_loader(*rows), make_loader(*rows)
    )
    assert seen == [True] * 3


def test_clipping_under_mixed_precision_trains(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    trainer = make_trainer(precision="bf16-mixed", gradient_clip_val=1.0)
    trainer.fit(ClassificationTask(nn.Linear(5, 3), 3), make_loader(*rows), make_loader(*rows))
    assert trainer.optimizers[0].defaults["fused"] is None


def test_a_diverged_loss_shows_as_nan(make_trainer: MakeTrainer, make_loader: MakeLoader) -> None:
    input = torch.tensor([[1.0], [math.nan]])
    trainer = make_trainer()
    trainer.test(
        RegressionTask(nn.Linear(1, 1)), make_loader(input, torch.ones(2), 1), verbose=False
    )
    assert trainer.callback_metrics["test/loss"].isnan()


def test_metrics_can_be_replaced_and_are_logged_in_every_stage(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    metrics: dict[str, Metric] = {"recall": MulticlassRecall(3)}
    trainer, task = make_trainer(), ClassificationTask(nn.Linear(5, 3), 3, metrics=metrics)
    trainer.fit(task, make_loader(*rows), make_loader(*rows))
    logged = {key for key in trainer.callback_metrics if not key.endswith(("loss", "loss_step"))}
    assert logged == {"train/recall", "val/recall"}


def test_a_second_loader_of_a_stage_is_refused(
    make_trainer: MakeTrainer, make_loader: MakeLoader, rows: tuple[torch.Tensor, torch.Tensor]
) -> None:
    loaders = [make_loader(*rows), make_loader(*rows)]
    with pytest.raises(RuntimeError, match="dataloader_idx"):
        make_trainer().validate(ClassificationTask(nn.Linear(5, 3), 3), loaders, verbose=False)


def test_a_task_without_a_trainer_is_a_module(tmp_path: Path) -> None:
    task = ClassificationTask(nn.Linear(5, 3), 3)
    assert task(torch.zeros(2, 5)).shape == (2, 3)
    assert set(task.state_dict()) == {"model.weight", "model.bias"}
