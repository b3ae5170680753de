from typing import Any

import pytest
import torch
from sklearn.metrics import f1_score
from torchmetrics import Metric
from torchmetrics.aggregation import MeanMetric
from torchmetrics.classification import BinaryAccuracy, MulticlassAccuracy
from torchmetrics.wrappers import ClasswiseWrapper

from lightning_kit.tasks.class_metrics import check_ignore_index, default_metrics

GENERATOR = torch.Generator().manual_seed(0)
TARGET = torch.randint(2, (40, 3), generator=GENERATOR)
SCORES = torch.rand(40, 3, generator=GENERATOR)


@pytest.mark.parametrize("kind", ["multiclass", "binary", "multilabel"])
def test_f1_is_the_mean_over_classes(kind: Any) -> None:
    train, _ = default_metrics(kind, 2 if kind == "binary" else 3, None)
    scores, target = SCORES, TARGET
    if kind == "binary":
        scores, target = SCORES[:, 0], TARGET[:, 0]
    elif kind == "multiclass":
        target = TARGET.sum(dim=1) % 3
    guess = scores.argmax(dim=1) if kind == "multiclass" else (scores > 0.5).long()
    train["f1"].update(scores, target)
    wanted = f1_score(target, guess, average="macro")
    assert train["f1"].compute().item() == pytest.approx(wanted)


@pytest.mark.parametrize("kind", ["multiclass", "binary", "multilabel"])
def test_the_defaults_ignore_what_the_task_ignores(kind: Any) -> None:
    _, evaluation = default_metrics(kind, 3, -1)
    check_ignore_index(evaluation, -1)


@pytest.mark.parametrize(
    ("metric", "found"),
    [
        (BinaryAccuracy(), "got None"),
        (BinaryAccuracy(ignore_index=-2), "got -2"),
        (ClasswiseWrapper(MulticlassAccuracy(3, average=None)), "got None"),
        (MeanMetric(), "got none to set"),
    ],
)
def test_a_metric_that_counts_what_is_ignored_is_refused(metric: Metric, found: str) -> None:
    message = rf"metrics\['mine'\] must have the task's ignore_index=-1, {found}: set it"
    with pytest.raises(ValueError, match=message) as error:
        check_ignore_index({"mine": metric}, -1)
    assert "\n" not in str(error.value)


def test_metrics_that_agree_pass() -> None:
    wrapped = ClasswiseWrapper(MulticlassAccuracy(3, average=None, ignore_index=-1))
    check_ignore_index({"a": BinaryAccuracy(ignore_index=-1), "b": wrapped}, -1)
    check_ignore_index({"a": BinaryAccuracy(ignore_index=0), "b": MeanMetric()}, None)
