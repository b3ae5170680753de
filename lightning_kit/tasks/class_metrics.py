"""The metrics that a classification logs unless others are given."""

from collections.abc import Mapping
from typing import Any

from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    BinaryAccuracy,
    MulticlassAccuracy,
    MulticlassF1Score,
    MultilabelAccuracy,
    MultilabelF1Score,
)

from lightning_kit.models.answers import Kind
from lightning_kit.tasks.auroc import MacroAUROC
from lightning_kit.tasks.binary_f1 import BinaryMacroF1


def default_metrics(
    kind: Kind, num_classes: int, ignore_index: int | None
) -> tuple[dict[str, Metric], dict[str, Metric]]:
    """Return what training logs, and what validation and testing log, by name.

    Their own argument checks are off: they read values back from the device at every step, and
    the task has checked the shapes, and the labels of the first batch.
    """
    common: dict[str, Any] = {"ignore_index": ignore_index, "validate_args": False}
    if kind == "multiclass":
        train: dict[str, Metric] = {
            "accuracy": MulticlassAccuracy(num_classes, average="micro", **common),
            "f1": MulticlassF1Score(num_classes, average="macro", **common),
        }
    elif kind == "binary":
        train = {"accuracy": BinaryAccuracy(**common), "f1": BinaryMacroF1(**common)}
    else:
        train = {
            "accuracy": MultilabelAccuracy(num_classes, average="micro", **common),
            "f1": MultilabelF1Score(num_classes, average="macro", **common),
        }
    return train, {**train, "auroc": MacroAUROC(ignore_index=ignore_index)}


def check_ignore_index(
    metrics: MetricCollection | Mapping[str, Metric], ignore_index: int | None
) -> None:
    """Refuse a given metric that would count the targets that the loss leaves out.

    Raises:
        ValueError: Naming the metric, its value and the task's.
    """
    if ignore_index is None:
        return
    for name, metric in metrics.items():
        # A wrapper has none, but what it wraps does.
        parts = [part for part in metric.modules() if hasattr(part, "ignore_index")]
        found: list[Any] = [part.ignore_index for part in parts] or ["none to set"]
        for index in found:
            if index != ignore_index:
                raise ValueError(
                    f"metrics[{name!r}] must have the task's ignore_index={ignore_index}, "
                    f"got {index}: set it in the metric's own arguments, or leave the metric out"
                )
