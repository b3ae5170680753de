import re
from typing import Any

import pytest
import torch

from lightning_kit.export.errors import ExportError
from lightning_kit.export.outputs import check_rows, named_outputs

ONE, TWO = torch.ones(2), torch.full((2,), 2.0)


@pytest.mark.parametrize(
    ("output", "names"),
    [
        (ONE, ["output"]),
        ({"b": ONE, "a": TWO}, ["b", "a"]),
        ((ONE,), ["output_0"]),
        ([ONE, TWO], ["output_0", "output_1"]),
    ],
)
def test_tensors_get_names_in_order(output: Any, names: list[str]) -> None:
    assert list(named_outputs(output)) == names


def test_what_numpy_does_not_know_becomes_float32() -> None:
    assert named_outputs(ONE.bfloat16())["output"].dtype is torch.float32
    assert named_outputs(ONE.half())["output"].dtype is torch.float16


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (3, "dict or tuple of tensors, got int"),
        ("yes", "got str"),
        (None, "got NoneType"),
        ({}, "at least one tensor, got none"),
        ({"a": ONE, "b": None}, "answer 'b' must be a tensor, got NoneType"),
        ((ONE, (TWO,)), "answer 'output_1' must be a tensor, got tuple"),
    ],
)
def test_anything_else_is_refused_in_one_line(output: Any, said: str) -> None:
    with pytest.raises(ExportError, match=re.escape(said)) as caught:
        named_outputs(output)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [torch.tensor(1.0), torch.ones(3, 2)])
def test_an_answer_has_a_row_for_each_input(value: torch.Tensor) -> None:
    check_rows({"a": ONE}, 2)
    with pytest.raises(ExportError, match="answer 'b' must have one row for each input"):
        check_rows({"a": ONE, "b": value}, 2)
