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

    def add(self, value: Tensor, batch_size: int) -> None:
        """Do what ``update`` does for a detached scalar of the accumulator's dtype and device.

        The sum grows in place and in order, which is bit-equal to Lightning's; the number of
        samples waits as a plain integer.
        """
        meta = self.meta
        if meta.on_step:
            self._forward_cache = value.clone()
            if not meta.on_epoch:
                self.value = self._forward_cache
        if meta.on_epoch:
            self.value.add_(value * batch_size)
            self.pending += batch_size
        self._computed = None
        self._update_count += 1
        self.has_reset = False

    def hold(self, metric: Metric) -> None:
        """Do what ``update`` does for the metric that is held already."""
        self._forward_cache = metric._forward_cache
        self._computed = None
        self._update_count += 1
        self.has_reset = False

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
    if type(batch) in (tuple, list) and batch and all(type(x) is Tensor for x in batch):
        size = len(batch[0]) if batch[0].dim() else None
        if size is not None and all(x.dim() and len(x) == size for x in batch):
            return size
    return extract_batch_size(batch)
