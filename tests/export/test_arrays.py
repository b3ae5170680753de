import numpy as np
import pytest
import torch
from torch import nn

from lightning_kit.export.arrays import as_arrays, as_tensors, device_of


@pytest.mark.parametrize("order", [1, -1])
def test_arrays_become_tensors_and_come_back(order: int) -> None:
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)[::order]
    rows.flags.writeable = False  # torch warns of such, and warnings are errors here
    tensors = as_tensors({"x": rows, "y": [1, 2]})
    assert tensors["x"].tolist() == rows.tolist()
    assert tensors["y"].dtype is torch.int64
    np.testing.assert_array_equal(as_arrays(tensors)["x"], rows)


def test_returned_arrays_are_not_the_models_own_memory() -> None:
    tensor = torch.zeros(2, requires_grad=True)
    array = as_arrays({"x": tensor})["x"]
    array[:] = 1
    assert tensor.tolist() == [0, 0]


def test_a_module_lies_where_its_weights_lie() -> None:
    assert device_of(nn.Linear(1, 1, device="meta")).type == "meta"
    assert device_of(nn.ReLU()).type == "cpu"
