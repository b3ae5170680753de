from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lightning_kit.export.errors import ExportError
from lightning_kit.export.random_rows import rows_like_example


class Model(nn.Module):
    def __init__(self, example: Any) -> None:
        super().__init__()
        self.example_input_array = example

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return tokens


def test_floats_have_the_examples_mean_and_spread() -> None:
    example = 50 + 3 * torch.randn(1, 100)
    rows: Any = rows_like_example(Model(example)).rows["input"]
    assert rows.shape == (256, 100)
    assert rows.dtype == np.float32
    assert abs(rows.mean() - 50) < 1
    assert 2 < rows.std() < 4


def test_whole_numbers_stay_in_range_and_names_are_those_of_forward() -> None:
    example = (torch.tensor([[3, 9]]), torch.tensor([[True, False]]))
    rows: Any = rows_like_example(Model(example)).rows
    assert list(rows) == ["tokens", "mask"]
    assert (rows["tokens"].min(), rows["tokens"].max()) == (3, 9)
    assert rows["mask"].dtype == bool
    assert 0 < rows["mask"].mean() < 1


def test_a_dict_keeps_its_names_and_a_lone_tuple_is_the_input() -> None:
    assert list(rows_like_example(Model({"a": torch.ones(1, 2)})).rows) == ["a"]
    assert list(rows_like_example(Model((torch.ones(1, 2),))).rows) == ["input"]


def test_the_seed_decides() -> None:
    model = Model(torch.ones(1, 2))
    first: Any = rows_like_example(model).rows["input"]
    np.testing.assert_array_equal(first, rows_like_example(model).rows["input"])


@pytest.mark.parametrize("example", [None, 3, "text", torch.tensor(1.0), {"a": None}])
def test_anything_else_is_refused(example: Any) -> None:
    with pytest.raises(ExportError, match="example_input_array"):
        rows_like_example(Model(example))
