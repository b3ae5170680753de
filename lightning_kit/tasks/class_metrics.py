"""The metrics that a classification logs unless others are given."""

from typing import Any

from torchmetrics import Metric
from torchmetrics.classification import (
    BinaryAccuracy,
    BinaryF1Score,
    MulticlassAccuracy,
    MulticlassF1Score,
    MultilabelAccuracy,
    MultilabelF1Score,
)

from lightning_kit.models.answers import Kind
from lightning_kit.tasks.auroc import MacroAUROC


def default_metrics(
    kind: Kind, num_classes: int, ignore_index: int | None
) -> tuple[dict[str, Metric], dict[str, Metric]]:
    """Return what training logs, and what validation and testing log, by name.

    Their own argument checks are off: they read values back from the device at every step, and
    the task has checked the shapes. The loss fails on a label that is out of range.
    """
    common: dict[str, Any] = {"ignore_index": ignore_index, "validate_args": False}
    if kind == "multiclass":
        train: dict[str, Metric] = {
            "accuracy": MulticlassAccuracy(num_classes, average="micro", **common),
            "f1": MulticlassF1Score(num_classes, average="macro", **common),
        }
    elif kind == "binary":
        train = {"accuracy": BinaryAccuracy(**common), "f1": BinaryF1Score(**common)}
    else:
        train = {
            "accuracy": MultilabelAccuracy(num_classes, average="micro", **common),
            "f1": MultilabelF1Score(num_classes, average="macro", **common),
        }
    return train, {**train, "auroc": MacroAUROC(ignore_index=ignore_index)}
