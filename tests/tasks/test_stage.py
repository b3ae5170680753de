import pytest
import torch
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassPrecision, MulticlassRecall

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
