from typing import Any

import pytest

from lightning_kit.export.chosen import chosen
from lightning_kit.export.errors import ExportError


def test_formats_come_in_the_order_that_people_read_them_in() -> None:
    assert [each.name for each in chosen(("safetensors", "onnx"))] == ["onnx", "safetensors"]
    assert [each.name for each in chosen("pt2")] == ["pt2"]


def test_the_opset_is_that_of_onnx() -> None:
    first, second = chosen(("onnx", "pt2"), opset=19)
    assert (first.opset, second.opset) == (19, None)


@pytest.mark.parametrize(
    ("formats", "options", "said"),
    [
        (("onxx",), {}, "got 'onxx'"),
        ((), {}, "must have one with a graph"),
        (("safetensors",), {}, "weights alone answer nothing"),
        (("pt2",), {"opset": 20}, "opset must be left out where formats lack onnx, got 20"),
        (("pt2",), {"quantize": "int8"}, "quantize must be left out where formats lack onnx"),
        (("onnx",), {"opset": 3}, "opset must be at least"),
    ],
)
def test_what_makes_no_sense_is_refused(formats: Any, options: Any, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        chosen(formats, **options)
