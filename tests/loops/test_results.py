"""A lean metric holds what Lightning's holds, to the bit."""

from typing import Any

import pytest
import torch
from pytorch_lightning.trainer.connectors.logger_connector.result import (
    _Metadata,
    _ResultCollection,
    _ResultMetric,
    _Sync,
)
from torchmetrics.classification import BinaryAccuracy

from lightning_kit.loops.results import LeanMetric, LeanResults


def metadata(**options: Any) -> _Metadata:
    meta = _Metadata(fx="training_step", name="loss", **options)
    meta.sync = _Sync()
    return meta


@pytest.mark.parametrize("levels", [(True, True), (True, False), (False, True)])
def test_adding_is_updating_bit_for_bit(levels: tuple[bool, bool]) -> None:
    on_step, on_epoch = levels
    lean = LeanMetric(metadata(on_step=on_step, on_epoch=on_epoch), True)
    stock = _ResultMetric(metadata(on_step=on_step, on_epoch=on_epoch), True)
    assert lean.is_plain
    torch.manual_seed(0)
    for value in torch.randn(200) * 1e3:
        size = int(torch.randint(1, 50, ()))
        lean.add(value, size)
        stock.update(value, size)
    assert torch.equal(lean.value, stock.value)
    if on_epoch:
        assert torch.equal(lean.compute(), stock.compute())
        assert torch.equal(lean.cumulated_batch_size, stock.cumulated_batch_size)
    if on_step:
        assert lean._forward_cache is not None
        assert stock._forward_cache is not None
        assert torch.equal(lean._forward_cache, stock._forward_cache)
    assert lean._update_count == stock._update_count


def test_a_value_changed_after_it_was_logged_stays_as_logged() -> None:
    metric = LeanMetric(metadata(on_step=True), True)
    value = torch.tensor(1.0)
    metric.add(value, 1)
    value.add_(5)
    assert metric._forward_cache == 1.0


def test_a_reset_forgets_the_samples_that_wait() -> None:
    metric = LeanMetric(metadata(), True)
    metric.add(torch.tensor(2.0), 3)
    metric.reset()
    metric.add(torch.tensor(4.0), 1)
    assert metric.compute() == 4.0


def test_what_adding_does_not_cover_is_not_plain() -> None:
    summed = _Metadata(fx="training_step", name="loss", reduce_fx=torch.sum)
    summed.sync = _Sync()
    assert not LeanMetric(summed, True).is_plain
    synced = metadata(on_step=True)
    synced.sync = _Sync(fn=lambda value, **_: value, _should=True)
    assert not LeanMetric(synced, True).is_plain
    assert not LeanMetric(metadata(), False).is_plain


def test_a_move_to_where_it_is_copies_nothing() -> None:
    metric = LeanMetric(metadata(), True)
    metric.add(torch.tensor(2.0), 3)
    before = metric.value
    assert metric.to(torch.device("cpu")) is metric
    assert metric.value is before
    assert metric.to("meta").value.device.type == "meta"


def test_a_metric_is_held() -> None:
    metric = BinaryAccuracy()
    held = LeanMetric(metadata(), False)
    metric.update(torch.tensor([1.0]), torch.tensor([1]))
    held.update(metric, 1)
    metric.update(torch.tensor([1.0]), torch.tensor([0]))
    held.hold(metric)
    assert held.compute() == 0.5


def test_the_collection_makes_lean_metrics_and_finds_the_batch_size() -> None:
    lean, stock = LeanResults(training=True), _ResultCollection(training=True)
    batch = [torch.zeros(6, 2), torch.zeros(6)]
    for results in (lean, stock):
        results.batch = batch
        results.log("training_step", "loss", torch.tensor(2.0), on_step=True)
    entry = lean["training_step.loss"]
    assert isinstance(entry, LeanMetric)
    assert lean.metrics(on_step=False) == stock.metrics(on_step=False)
    assert lean.weight(entry, 4) == 4
    lean.batch_size = None
    assert lean.weight(entry, None) == 6
    lean.batch, lean.batch_size = {"deep": [torch.zeros(5)]}, None
    assert lean.weight(entry, None) == 5
    lean.batch, lean.batch_size = None, None
    assert lean.weight(entry, None) == 1
    assert "value=2.0" in repr(lean).replace("tensor(2.)", "2.0") or "loss" in repr(lean)
