import pytest
import torch
from torch import Tensor, nn

from lightning_kit.export.part_outputs import part_outputs


class Parts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        self.second = nn.LSTM(2, 3)

    def forward(self, input: Tensor) -> Tensor:
        answer: Tensor = self.second(self.first(self.first(input)))[0]
        return answer


def test_every_part_is_heard_in_order() -> None:
    parts = Parts()
    found = part_outputs(parts, lambda: parts(torch.rand(4, 2)))
    once = ["input of first", "first.0 (Linear)", "first.1 (ReLU)", "first (Sequential)"]
    twice = [f"{name}, call 2" for name in once]
    assert list(found) == [*once, *twice, "input of second", "second (LSTM)[0]"]
    assert found["second (LSTM)[0]"].shape == (4, 3)


def test_types_without_a_numpy_twin_are_widened() -> None:
    parts = nn.Sequential(nn.Linear(2, 2).bfloat16())
    found = part_outputs(parts, lambda: parts(torch.ones(1, 2).bfloat16()))
    assert found["0 (Linear)"].dtype == "float32"


def test_hooks_are_taken_off_after_an_exception() -> None:
    parts = Parts()
    with pytest.raises(RuntimeError):
        part_outputs(parts, lambda: parts(torch.rand(4, 5)))
    for part in parts.modules():
        assert not part._forward_hooks
        assert not part._forward_pre_hooks
