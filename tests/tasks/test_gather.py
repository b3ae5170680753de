"""One collective a state, of the metrics whose states have one shape on all ranks."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score
from torchmetrics.utilities.distributed import gather_all_tensors

from lightning_kit.tasks import ClassificationTask
from lightning_kit.tasks.gather import gather_alike
from lightning_kit.tasks.stage import Stage


@pytest.mark.parametrize("state", [torch.tensor(2.5), torch.arange(6).reshape(2, 3).T])
def test_it_returns_what_torchmetrics_own_does(state: torch.Tensor, tmp_path: Path) -> None:
    dist.init_process_group("gloo", f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        mine, theirs = gather_alike(state), gather_all_tensors(state)
    finally:
        dist.destroy_process_group()
    torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_an_epochs_metrics_take_one_collective_a_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def count(name: str) -> None:
        original = getattr(dist, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return original(*args, **kwargs)

        monkeypatch.setattr(dist, name, counted)

    for name in ("all_gather", "barrier", "all_reduce", "broadcast"):
        count(name)
    dist.init_process_group("gloo", f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        task = ClassificationTask(
            nn.Linear(5, 3),
            3,
            metrics={
                "accuracy": MulticlassAccuracy(3, validate_args=False),
                "f1": MulticlassF1Score(3, validate_args=False),
            },
        )
        stage = task.val_stage
        stage.update(task.step((torch.randn(4, 5), torch.tensor([0, 1, 2, 0]))))
        for metric in stage.logged().values():
            metric.compute()
    finally:
        dist.destroy_process_group()
    assert calls == ["all_gather"] * (2 + 4 + 4)


def test_what_may_differ_in_shape_or_was_chosen_stays() -> None:
    def chosen(state: torch.Tensor, group: Any = None) -> list[torch.Tensor]:
        return [state]

    metrics = {
        "mean": MeanMetric(),
        "own": MulticlassAccuracy(3, validate_args=False, dist_sync_fn=chosen),
        "f1": MulticlassF1Score(3, validate_args=False),
    }
    found = dict(Stage("val", metrics).metrics.items(keep_base=True))
    assert {name: each.dist_sync_fn for name, each in found.items()} == {
        "mean": None, "own": chosen, "f1": gather_alike
    }  # fmt: skip
