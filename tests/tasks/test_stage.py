import copy
import pickle
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    BinaryAUROC,
    MulticlassAccuracy,
    MulticlassPrecision,
    MulticlassRecall,
)
from torchmetrics.regression import MeanAbsoluteError, MeanSquaredError, PearsonCorrCoef

from lightning_kit.tasks import StepOutput
from lightning_kit.tasks.stage import Stage


def test_keys_are_stage_and_name() -> None:
    stage = Stage("val", {"recall": MulticlassRecall(3)})
    assert list(stage.logged()) == ["val/loss", "val/recall"]


def test_each_stage_has_metrics_of_its_own() -> None:
    metrics = {"recall": MulticlassRecall(3)}
    train, val = Stage("train", metrics), Stage("val", metrics)
    scores, target = torch.eye(3), torch.arange(3)
    train.update(StepOutput(torch.tensor(1.0), 3, scores, target))
    assert train.logged()["train/recall"].update_count == 1
    assert val.logged()["val/recall"].update_count == 0
    assert metrics["recall"].update_count == 0


def test_metrics_that_share_state_are_all_right_when_kept_as_objects() -> None:
    # In one compute group a collection updates the first member only.
    metrics = MetricCollection({"p": MulticlassPrecision(3), "r": MulticlassRecall(3)})
    stage = Stage("val", metrics)
    logged = stage.logged()
    scores, target = torch.eye(3)[[0, 0, 2]], torch.arange(3)
    for _ in range(2):
        stage.update(StepOutput(torch.tensor(1.0), 3, scores, target))
    # Class 0: 1 of 2 predictions right; class 1 never predicted (0); class 2 right.
    assert logged["val/p"].compute().item() == pytest.approx((0.5 + 0 + 1) / 3)
    assert logged["val/r"].compute().item() == pytest.approx(2 / 3)


@pytest.mark.parametrize("name", ["loss", "loss_step", "a/b"])
def test_names_that_clash_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"must not be called '{name}'"):
        Stage("val", {name: MulticlassAccuracy(3)})


def test_only_metrics_are_taken() -> None:
    with pytest.raises(TypeError, match=r"metrics\['recall'\] must be a torchmetrics.Metric, got"):
        Stage("val", {"recall": len})  # type: ignore[dict-item]


@pytest.mark.parametrize("metric", [BinaryAUROC(), MeanSquaredError(), PearsonCorrCoef()])
def test_a_metric_of_another_task_is_one_line(metric: Metric) -> None:
    stage = Stage("val", {"fine": MulticlassAccuracy(3), "odd": metric})

    def measure() -> None:
        stage.update(StepOutput(torch.tensor(1.0), 3, torch.eye(3), torch.arange(3)))
        # BinaryAUROC checks nothing before.
        stage.logged()["val/odd"].compute()

    with pytest.raises(ValueError, match="must take what the task compares") as error:
        measure()
    message = str(error.value)
    assert message.startswith(f"metrics['odd'] of class {type(metric).__name__} must take")
    assert "predictions (3, 3) torch.float32 and targets (3,) torch.int64, got " in message
    assert message.endswith("choose another class or arguments for it, or leave it out")
    assert "\n" not in message


def test_a_copy_and_a_pickle_measure_too() -> None:
    stage = Stage("val", {"acc": MulticlassAccuracy(3)})
    for twin in (copy.deepcopy(stage), pickle.loads(pickle.dumps(stage))):
        twin.update(StepOutput(torch.tensor(1.0), 3, torch.eye(3), torch.arange(3)))
        assert twin.logged()["val/acc"].compute() == 1
        assert stage.logged()["val/acc"].update_count == 0


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("full"), KeyError("mine")])
def test_a_failure_that_no_input_caused_stays_what_it_is(error: Exception) -> None:
    class Failing(MeanSquaredError):
        def update(self, *_: object) -> None:
            raise error

    stage = Stage("val", {"failing": Failing()})
    with pytest.raises(type(error)):
        stage.update(StepOutput(torch.tensor(1.0), 3, torch.ones(3), torch.ones(3)))


@pytest.mark.parametrize(
    "cast",
    [lambda stage: stage.to(torch.bfloat16), lambda stage: nn.ModuleList([stage]).half()[0]],
)
def test_sums_keep_their_digits_where_the_model_has_few(cast: Callable[[Stage], Stage]) -> None:
    stage = cast(Stage("val", {"mae": MeanAbsoluteError()}))
    loss, scores, target = torch.tensor(0.1), torch.full((32,), 0.1), torch.zeros(32)
    for _ in range(1000):
        stage.update(StepOutput(loss, 32, scores, target))
    # bfloat16 cannot add 32 to 8192.
    for metric in stage.logged().values():
        assert metric.compute().item() == pytest.approx(0.1, rel=1e-4)


def test_sums_are_as_wide_as_the_model() -> None:
    stage = Stage("val", {"mae": MeanAbsoluteError()}).double()
    ones = torch.ones(1)
    stage.update(StepOutput(torch.tensor(1e9 + 1, dtype=torch.float64), 1, ones, ones))
    assert stage.logged()["val/loss"].compute().item() == 1e9 + 1
