import pytest
import torch

from lightning_kit.datamodules.resident import Resident


def test_a_tensor_is_moved_once_and_equal_ones_are_two() -> None:
    resident = Resident(torch.device("meta"))
    first, second = torch.zeros(3, 2), torch.zeros(3, 2)
    moved = resident(first)
    assert (moved.device.type, moved.shape) == ("meta", (3, 2))
    assert resident(first) is moved
    assert resident(second) is not moved


def test_the_cpu_is_refused_for_the_rows_are_there() -> None:
    with pytest.raises(ValueError, match=r"resident must be false .* cpu.*: leave it out, or set"):
        Resident(torch.device("cpu"))
