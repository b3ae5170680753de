from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from conftest import Run
from torch import nn

from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.tasks import DataFacts, RegressionTask

INPUT = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
TARGET = 100 + 10 * INPUT.sum(dim=1)


class Data(pl.LightningDataModule):
    def __init__(self, mean: float = 100.0, std: float = 17.0) -> None:
        super().__init__()
        self.target_mean, self.target_std = torch.tensor(mean), torch.tensor(std)

    def train_dataloader(self) -> BatchLoader:
        return BatchLoader(INPUT, TARGET, batch_size=3, shuffle=False, seed=0)

    val_dataloader = test_dataloader = train_dataloader


def test_loss_is_standardised_and_metrics_are_in_the_targets_units(
    make_trainer: Callable[..., pl.Trainer],
) -> None:
    task = RegressionTask(nn.Linear(3, 1))
    task.adapt(DataFacts(target_mean=torch.tensor(100.0), target_std=torch.tensor(17.0)))
    (logged,) = make_trainer().test(task, Data(), verbose=False)
    with torch.no_grad():
        values = task.model(INPUT).squeeze(1) * 17 + 100
    error = values - TARGET
    assert logged["test/loss"] == pytest.approx((error / 17).square().mean().item(), rel=1e-5)
    assert logged["test/rmse"] == pytest.approx(error.square().mean().sqrt().item(), rel=1e-5)
    assert logged["test/mae"] == pytest.approx(error.abs().mean().item(), rel=1e-5)


def test_the_units_come_with_the_first_fit_and_stay_with_the_weights(
    make_trainer: Callable[..., pl.Trainer], tmp_path: Path
) -> None:
    task, trainer = RegressionTask(nn.Linear(3, 1)), make_trainer()
    trainer.fit(task, Data(100.0, 17.0))
    assert (task.postprocess.mean.tolist(), task.postprocess.std.tolist()) == ([100.0], [17.0])
    trainer.save_checkpoint(tmp_path / "a.ckpt", weights_only=False)
    again = RegressionTask.load_from_checkpoint(tmp_path / "a.ckpt", model=nn.Linear(3, 1))
    make_trainer().test(again, Data(0.0, 2.0), verbose=False)
    make_trainer().fit(again, Data(0.0, 2.0))
    assert (again.postprocess.mean.tolist(), again.postprocess.std.tolist()) == ([100.0], [17.0])
    resumed = RegressionTask(nn.Linear(3, 1))
    make_trainer(max_epochs=2).fit(
        resumed, Data(0.0, 2.0), ckpt_path=tmp_path / "a.ckpt", weights_only=True
    )
    assert resumed.postprocess.mean.tolist() == [100.0]


def test_one_target_meets_one_column_without_a_broadcast() -> None:
    output = RegressionTask(nn.Linear(3, 1)).step((INPUT, TARGET))
    assert output.scores.shape == (8,)


@pytest.mark.parametrize(
    ("num_targets", "outputs", "target", "message"),
    [
        (1, 1, TARGET[:, None], r"target must have shape \(8,\), got \(8, 1\): num_targets is 1"),
        (1, 2, TARGET, r"\(8,\) or \(8, 1\), got \(8, 2\)"),
        (2, 2, TARGET, r"target must have shape \(8, 2\), got \(8,\)"),
        (2, 1, TARGET[:, None].expand(8, 2), r"output must have shape \(8, 2\), got \(8, 1\)"),
    ],
)
def test_shapes_that_would_broadcast_are_refused(
    num_targets: int, outputs: int, target: torch.Tensor, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        RegressionTask(nn.Linear(3, outputs), num_targets).step((INPUT, target))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"target_mean": torch.zeros(2), "target_std": torch.ones(2)}, "must be 2, the size of"),
        ({"target_mean": torch.zeros(1), "target_std": torch.zeros(1)}, r"above 0, got \[0.0\]"),
    ],
)
def test_units_that_do_not_fit_are_refused(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RegressionTask(nn.Linear(3, 1)).adapt(DataFacts(**facts))


@pytest.mark.parametrize(
    ("classes", "said"), [(["a", "b"], r"2 classes \(a, b\)"), (list("4567"), r"\(4, 5, 6, ...\)")]
)
def test_numbers_of_classes_are_refused(classes: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=f"{said}.*--data.kind regression"):
        RegressionTask(nn.Linear(3, 1)).adapt(DataFacts(classes=classes))


@pytest.mark.parametrize("verb", ["fit", "check"])
def test_a_table_read_as_classes_ends_with_one_line(kit: Run, capsys: Any, verb: str) -> None:
    rows = [f"{i % 7},{i % 3},{3 + i % 4}" for i in range(60)]
    Path("rows.csv").write_text("\n".join(["a,b,age", *rows]))
    network = {"class_path": "torch.nn.Linear", "init_args": {"in_features": 2, "out_features": 1}}
    table = {"path": "rows.csv", "target": "age"}
    config = {
        "model": {"class_path": "RegressionTask", "init_args": {"model": network}},
        "data": {"class_path": "TableDataModule", "init_args": table},
        "trainer": {"max_epochs": 1, "accelerator": "cpu", "enable_progress_bar": False},
    }
    Path("ages.yaml").write_text(yaml.safe_dump(config))
    assert kit(verb, "-c", "ages.yaml") == 2
    said = capsys.readouterr().err
    assert "4 classes (3, 4, 5, ...)" in said
    assert "--data.kind regression" in said
    assert kit(verb, "-c", "ages.yaml", "--data.kind", "regression") == 0


def test_num_targets_is_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        RegressionTask(nn.Linear(3, 1), 0)
