"""What a batch counts: what training_step says, else its samples; in units that are exact."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from lightning_kit.callbacks.batch_weight import num_samples, returned_weight, weight_unit


@pytest.mark.parametrize(
    "output", [torch.tensor(1.0), {"loss": torch.tensor(1.0)}, {"loss": 1, "weight": None}]
)
def test_none_where_no_weight_is_returned(output: Any) -> None:
    assert returned_weight(output) is None


@pytest.mark.parametrize(
    "weight", [3, 3.0, np.int64(3), np.float32(3), torch.tensor(3), torch.tensor([[3.0]])]
)
def test_a_number_and_a_tensor_of_one(weight: Any) -> None:
    found = returned_weight({"loss": torch.tensor(1.0), "weight": weight})
    assert found == 3
    assert not isinstance(found, torch.Tensor) or found.shape == ()


def test_a_weight_holds_no_graph() -> None:
    found = returned_weight({"weight": torch.ones((), requires_grad=True) * 2})
    assert isinstance(found, torch.Tensor)
    assert not found.requires_grad


@pytest.mark.parametrize(
    ("weight", "got"),
    [
        (-1, "got -1$"),
        (math.nan, "got nan$"),
        (math.inf, "got inf$"),
        ("3", "got '3'$"),
        (torch.ones(2), r"got a tensor of torch.float32 and shape \(2,\)"),
        (torch.ones((), dtype=torch.complex64), "complex64"),
    ],
)
def test_what_is_no_weight_is_refused(weight: Any, got: str) -> None:
    with pytest.raises(ValueError, match=f"must be one number of at least 0.*{got}"):
        returned_weight({"weight": weight})


def test_samples_are_the_first_dimension_of_the_first_tensor() -> None:
    assert num_samples({"name": ["a"], "x": torch.ones(3, 2)}["x"]) == 3
    assert num_samples([torch.ones(5, 2), torch.ones(5)]) == 5


def test_samples_of_what_holds_no_tensor_and_of_an_iterator_are_refused() -> None:
    batches = iter([torch.ones(3)])
    for batch in ({"rows": "none"}, batches):
        with pytest.raises(ValueError, match=f"got {type(batch).__name__}: return"):
            num_samples(batch)
    assert len(next(batches)) == 3, "looking used it up"


@pytest.mark.parametrize(
    ("weight", "unit"),
    [(0.0, 1.0), (1.0, 1.0), (1.9, 1.0), (0.3, 0.25), (1023.0, 512.0), (1024.0, 1024.0)],
)
def test_the_unit_is_a_power_of_two_at_most_the_weight(weight: float, unit: float) -> None:
    given = torch.tensor(weight)
    assert weight_unit(given, 1).item() == unit
    assert given.item() == torch.tensor(weight).item(), "it is not changed"
