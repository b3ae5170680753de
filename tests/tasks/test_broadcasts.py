from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from lightning_kit.models.answers import ClassAnswer
from lightning_kit.tasks import ClassificationTask, RegressionTask


class Normed(nn.Module):
    """A postprocess whose buffers change in training."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.answer = nn.BatchNorm1d(3), ClassAnswer()

    def forward(self, logits: torch.Tensor) -> Any:
        return self.answer(self.norm(logits))


def classification(postprocess: Any = None) -> ClassificationTask:
    task = ClassificationTask(nn.Linear(5, 3), 3, class_weights=[1.0, 2.0, 3.0])
    if postprocess is not None:
        task.postprocess = postprocess
    return task


@pytest.mark.parametrize(
    ("task", "broadcast"),
    [
        (classification(), []),
        (classification(Normed()), ["postprocess.norm"]),
        (RegressionTask(nn.Linear(5, 1)), []),
        (RegressionTask(nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 1))), ["model.0"]),
    ],
)
def test_ddp_broadcasts_what_may_change_and_nothing_else(
    task: Any, broadcast: list[str], tmp_path: Path
) -> None:
    dist.init_process_group("gloo", f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        assert any(True for _ in task.buffers())
        task.setup("test")
        task.setup("test")
        wrapped = DistributedDataParallel(task)
        names = {id(buffer): name for name, buffer in task.named_buffers()}
        found = {names[id(buffer)].rpartition(".")[0] for buffer in wrapped.modules_buffers}
        assert found == set(broadcast)
    finally:
        dist.destroy_process_group()


def test_what_a_user_leaves_out_stays_left_out() -> None:
    task = classification(Normed())
    task._ddp_params_and_buffers_to_ignore = ["model.own"]  # type: ignore[assignment]
    task.setup("test")
    assert task._ddp_params_and_buffers_to_ignore[0] == "model.own"  # type: ignore[index]
