"""Lightning's result collection without a move and a deep copy at each value."""

from typing import Any, final

import torch
from pytorch_lightning.trainer.connectors.logger_connector.result import (
    _Metadata,
    _ResultCollection,
    _ResultMetric,
)
from pytorch_lightning.utilities.data import extract_batch_size
from torch import Tensor
from torchmetrics import Metric


@final
class LeanMetric(_ResultMetric):
    """A logged value with a fast way to add to it, which leaves what Lightning's leaves."""

    def __init__(self, metadata: _Metadata, is_tensor: bool) -> None:
        self.pending = 0
        super().__init__(metadata, is_tensor)
        on_step = metadata.on_step
        syncs = on_step and metadata.sync.should and not metadata.sync.rank_zero_only
        means = metadata.is_mean_reduction or not metadata.on_epoch
        # Whether `add` covers it; all else goes through `update`.
        self.is_plain = is_tensor and means and not metadata.enable_graph and not syncs
        self.levels = (on_step, metadata.on_epoch)

    def add(self, value: Tensor, batch_size: int) -> None:
        """Do what ``update`` does for a detached scalar of the accumulator's dtype and device.

        The sum grows in place and in order, which is bit-equal to Lightning's; the number of
        samples waits as a plain integer.
        """
        # Not through `__setattr__`, which is a function in Python for each of these.
        state = self.__dict__
        on_step, on_epoch = self.levels
        if on_step:
            state["_forward_cache"] = value.clone()
            if not on_epoch:
                state["value"] = state["_forward_cache"]
        if on_epoch:
            total = state["value"]
            if total.is_inference():
                # What inference mode made cannot be changed in place outside of it.
                state["value"] = total + value * batch_size
            else:
                total.add_(value * batch_size)
            state["pending"] += batch_size
        state["_computed"] = None
        state["_update_count"] += 1
        state["has_reset"] = False

    def hold(self, metric: Metric) -> None:
        """Do what ``update`` does for the metric that is held already."""
        self._forward_cache = metric._forward_cache
        self._computed = None
        self._update_count += 1
        self.has_reset = False

    def update(self, value: Any, batch_size: Any) -> None:
        self.settle()
        # Lightning takes tensors and fractions too, whose sums depend on order and dtype.
        self.is_plain = self.is_plain and type(batch_size) is int
        super().update(value, batch_size)

    def settle(self) -> None:
        """Count the samples that wait."""
        if self.pending:
            self.cumulated_batch_size = self.cumulated_batch_size + self.pending
            self.pending = 0

    def compute(self) -> Tensor:
        self.settle()
        return super().compute()

    def reset(self) -> None:
        self.pending = 0
        super().reset()

    def to(self, *args: Any, **kwargs: Any) -> "LeanMetric":
        """Move what is elsewhere: Lightning asks at each value, and copies all that it holds."""
        device = kwargs.get("device", args[0] if args else None)
        value = vars(self).get("value")
        if value is None or device is None or value.device != torch.device(device):
            self.settle()
            super().to(*args, **kwargs)
        return self

    def __repr__(self) -> str:
        self.settle()
        return super().__repr__()


@final
class LeanResults(_ResultCollection):
    """The values that were logged, as lean metrics."""

    def __setitem__(self, key: str, metric: _ResultMetric) -> None:
        if type(metric) is _ResultMetric:
            metric = LeanMetric(metric.meta, metric.is_tensor)
        super().__setitem__(key, metric)

    def weight(self, entry: LeanMetric, given: int | None) -> int:
        """Return the number of samples that a value stands for, as Lightning finds it."""
        known = self.batch_size if given is None else given
        if known is not None:
            return known
        meta = entry.meta
        if self.batch is None or not (meta.on_epoch and meta.is_mean_reduction):
            return 1
        self.batch_size = _size(self.batch)
        return self.batch_size


def _size(batch: Any) -> int:
    """Return the number of samples in ``batch``, as Lightning does, only sooner."""
    size = -1
    for item in batch if type(batch) in (tuple, list) else ():
        if type(item) is not Tensor or not item.dim() or size not in (-1, item.shape[0]):
            return extract_batch_size(batch)
        size = item.shape[0]
    return extract_batch_size(batch) if size == -1 else size
