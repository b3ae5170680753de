from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from programs.exported import Calls, Recurrent, Tokens
from torch import nn

from lightning_kit.export.errors import ExportError
from lightning_kit.export.examples import allowed, example_of
from lightning_kit.export.formats import Dynamic, Pt2, Unsupported
from lightning_kit.export.graph import AnswerGraph


def texts(*lengths: int) -> list[Any]:
    return [np.full(length, row) for row, length in enumerate(lengths)]


def test_one_row_is_widened_to_two() -> None:
    example, dynamic = example_of({"input": np.ones((1, 3), np.float32)})
    assert example["input"].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert dynamic == {"input": {0: "batch"}}


def test_only_two_rows_are_taken() -> None:
    example, _ = example_of({"input": np.arange(10).reshape(5, 2)})
    assert example["input"].tolist() == [[0, 1], [2, 3]]


def test_a_dimension_that_differs_is_dynamic() -> None:
    example, dynamic = example_of({"a": texts(3, 5, 3), "b": texts(3, 5, 3), "c": texts(1, 2, 2)})
    assert dynamic == {
        "a": {0: "batch", 1: "length"},
        "b": {0: "batch", 1: "length"},
        "c": {0: "batch", 1: "length_2"},
    }
    # The longest row, for torch takes a length of 1 for a constant.
    assert {name: tuple(rows.shape) for name, rows in example.items()} == {
        "a": (2, 5), "b": (2, 5), "c": (2, 2),
    }  # fmt: skip


def test_the_caller_may_say_so() -> None:
    _, dynamic = example_of({"input": np.ones((2, 4, 3))}, lengths={"input": 1})
    assert dynamic == {"input": {0: "batch", 1: "length"}}
    with pytest.raises(ExportError, match=r"must be one of the input's dimensions \[1, 2\], got 3"):
        example_of({"input": np.ones((2, 4, 3))}, lengths={"input": 3})


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"a": np.ones((0, 2))}, "'a' must have at least one row"),
        ({"a": np.ones((1, 2)), "b": np.ones((2, 2))}, "must be of one length"),
        ({"a": [["x"]]}, "must be of numbers, got <U1 in row 1"),
        ({"a": [np.ones(2), np.ones((2, 2))]}, "must have 1 dimensions in every row, got 2 in row"),
    ],
)
def test_what_is_no_example_is_refused(inputs: dict[str, Any], said: str) -> None:
    with pytest.raises(ExportError, match=said):
        example_of(inputs)


LENGTHS: Dynamic = {"input": {0: "batch", 1: "length"}}


def test_a_length_stays_dynamic_where_the_model_takes_any() -> None:
    example = {"input": torch.ones(2, 5, dtype=torch.long)}
    graph = AnswerGraph.of(None, Tokens().eval(), None, example)
    assert allowed(graph, example, LENGTHS) == LENGTHS


@pytest.mark.parametrize(
    ("network", "shape"), [(nn.Linear(5, 2), (2, 5)), (Recurrent(), (2, 5, 3))]
)
def test_a_length_that_the_model_fixes_is_none(network: nn.Module, shape: tuple[int, ...]) -> None:
    example = {"input": torch.ones(shape)}
    graph = AnswerGraph.of(None, network, None, example)
    assert allowed(graph, example, LENGTHS) == {"input": {0: "batch"}}


def test_a_batch_that_the_model_fixes_is_an_error(tmp_path: Path) -> None:
    example = {"input": torch.ones(2, 5)}
    graph = AnswerGraph.of(None, Calls(lambda x: x.reshape(2, 5)), None, example)
    with pytest.raises(Unsupported, match="fixes the batch at 2"):
        allowed(graph, example, LENGTHS)
    with pytest.raises(Unsupported, match="fixes the batch at 2"):
        Pt2().write(graph, example, {"input": {0: "batch"}}, tmp_path / "model.pt2")
