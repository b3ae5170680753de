"""Metrics of class labels that are computed from the same counts, found once."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.classification import MulticlassStatScores


@final
class SharedCounts:
    """What accuracy, F1, precision and their kin add up, found once for all of them.

    Each of torchmetrics' classes finds the predicted class of every row and counts hits and misses
    by itself, in 70 to 120 us a batch on a CPU. Here that is done once a batch, and the same
    integers are added to the states of each metric.

    Args:
        metrics: By name, those that :meth:`covers` is true for.
        num_classes: ``C`` of all of them.
    """

    def __init__(self, metrics: Mapping[str, MulticlassStatScores], num_classes: int) -> None:
        self.metrics = metrics
        self.num_classes = num_classes
        # Not through `Metric.__setattr__`, which is a function in Python. A micro average holds
        # the sum over classes.
        states = [(vars(each), each.average == "micro") for each in metrics.values()]
        self._sums = [state for state, is_sum in states if is_sum]
        self._classes = [state for state, is_sum in states if not is_sum]

    @staticmethod
    def covers(metric: Metric) -> bool:
        """Whether ``metric`` adds up nothing but hits and misses of the likeliest class."""
        return (
            isinstance(metric, MulticlassStatScores)
            and type(metric).update is MulticlassStatScores.update
            and metric.multidim_average == "global"
            and metric.top_k == 1
            and metric.ignore_index is None
            and not metric.validate_args
            and metric.num_classes is not None
        )

    @classmethod
    def of(cls, metrics: Mapping[str, Metric]) -> "list[SharedCounts]":
        """Return the counts that some of ``metrics`` share, one for each number of classes."""
        groups: dict[int, dict[str, MulticlassStatScores]] = {}
        for name, metric in metrics.items():
            if isinstance(metric, MulticlassStatScores) and cls.covers(metric):
                assert metric.num_classes is not None
                groups.setdefault(metric.num_classes, {})[name] = metric
        return [cls(group, num_classes) for num_classes, group in groups.items()]

    def takes(self, scores: Tensor, target: Tensor) -> bool:
        """Whether :meth:`add` covers scores ``(N, C)`` and labels ``(N,)`` of these types."""
        return (
            scores.dim() == 2
            and target.dim() == 1
            and scores.shape[1] == self.num_classes
            and scores.shape[0] == target.shape[0]
            and scores.is_floating_point()
            and target.dtype is torch.int64
        )

    def add(self, scores: Tensor, target: Tensor) -> None:
        """Count a batch that :meth:`takes` is true for; nothing is read from the device.

        Raises:
            IndexError: If a label is not in [0, C), on a CPU.
        """
        rows, prediction = len(target), scores.argmax(1)
        found = torch.zeros(3, self.num_classes, dtype=torch.int64, device=scores.device)
        tp, predicted, wanted = found.unbind()
        one = torch.ones((), dtype=torch.int64, device=scores.device).expand(rows)
        wanted.index_add_(0, target, one)
        predicted.index_add_(0, prediction, one)
        tp.index_add_(0, target, (prediction == target).long())
        if self._classes:
            fp, fn = predicted - tp, wanted - tp
            _add(self._classes, tp, fp, rows - fp - wanted, fn)
        if self._sums:
            right = tp.sum()
            wrong = rows - right
            _add(self._sums, right, wrong, rows * (self.num_classes - 1) - wrong, wrong)


def _add(states: list[dict[str, Any]], tp: Tensor, fp: Tensor, tn: Tensor, fn: Tensor) -> None:
    for state in states:
        state["tp"] = state["tp"] + tp
        state["fp"] = state["fp"] + fp
        state["tn"] = state["tn"] + tn
        state["fn"] = state["fn"] + fn
        state["_update_count"] += 1
        state["_computed"] = None
