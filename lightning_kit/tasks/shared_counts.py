"""Metrics of class labels that are computed from the same counts, counted once."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.classification import MulticlassStatScores


@final
class SharedCounts:
    """What accuracy, F1, precision and their kin add up, once for all of them.

    Each of torchmetrics' classes finds the predicted class of every row and counts hits and misses
    by itself, in 70 to 120 us a batch on a CPU. Here a batch costs 10 us whatever their number:
    how often each class was right, was predicted and was wanted. :meth:`settle` adds that to the
    metrics' own states, to the same integers, before one of them is computed.

    Args:
        metrics: By name, those that :meth:`covers` is true for.
        num_classes: ``C`` of all of them.
    """

    def __init__(self, metrics: Mapping[str, MulticlassStatScores], num_classes: int) -> None:
        self.metrics = metrics
        self.num_classes = num_classes
        self._counts: tuple[Tensor, ...] | None = None
        # Not through `Metric.__setattr__`, which is a function in Python.
        self._states = [vars(metric) for metric in metrics.values()]

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
        for state in self._states:
            if not state["_update_count"]:
                self.settle()
        if not self._is_ready(scores.device):
            self.settle()
            zeros = torch.zeros(3, self.num_classes, dtype=torch.int64, device=scores.device)
            self._counts = zeros.unbind()
        assert self._counts is not None
        right, predicted, wanted = self._counts
        prediction = scores.argmax(1)
        one = torch.ones((), dtype=torch.int64, device=scores.device).expand(len(target))
        wanted.index_add_(0, target, one)
        predicted.index_add_(0, prediction, one)
        right.index_add_(0, target, (prediction == target).long())
        for state in self._states:
            state["_update_count"] += 1
            state["_computed"] = None

    def _is_ready(self, device: torch.device) -> bool:
        if self._counts is None:
            return False
        right = self._counts[0]
        # What inference mode made cannot be changed in place outside of it.
        return right.device == device and right.is_inference() == torch.is_inference_mode_enabled()

    def settle(self) -> None:
        """Add what was counted to the states of the metrics that were not reset since."""
        if self._counts is None:
            return
        (tp, predicted, wanted), self._counts = self._counts, None
        fp, fn = predicted - tp, wanted - tp
        tn = wanted.sum() - tp - fp - fn
        for metric in self.metrics.values():
            # One that was reset meanwhile has forgotten them.
            if metric.update_called:
                for name, count in {"tp": tp, "fp": fp, "tn": tn, "fn": fn}.items():
                    state = getattr(metric, name)
                    # A micro average holds the classes' sum.
                    more = count.sum() if state.numel() == 1 else count
                    setattr(metric, name, state + more)
