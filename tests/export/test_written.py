from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import pytest
import torch
from torch import nn

from lightning_kit.export.errors import ExportError
from lightning_kit.export.formats import Answerer, Format, Unsupported
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.export.written import write_formats

EXAMPLE = {"input": torch.ones(2, 3)}
GRAPH = AnswerGraph.of(None, nn.Linear(3, 2), None, EXAMPLE)


@final
class Text(Format):
    name: ClassVar[str] = "text"
    file_name: ClassVar[str] = "model.txt"
    opset = 7

    def write(self, graph: Any, example: Any, dynamic: Any, path: Path) -> None:
        path.write_text("model")

    def open(self, path: Path) -> Answerer:
        raise NotImplementedError


@final
class Never(Format):
    name: ClassVar[str] = "never"
    file_name: ClassVar[str] = "never.txt"

    def write(self, graph: Any, example: Any, dynamic: Any, path: Path) -> None:
        raise Unsupported("no operator called sort")

    def open(self, path: Path) -> Answerer:
        raise NotImplementedError


def write(folder: Path, formats: list[Format], quantized: str | None = None) -> Any:
    inputs = {"input": np.ones((2, 3), np.float32)}
    return write_formats(folder, formats, GRAPH, EXAMPLE, {}, quantized=quantized, inputs=inputs)


def test_a_format_that_cannot_take_the_model_is_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written = write(tmp_path, [Text(), Never()])
    assert written.left_out == {"never": "no operator called sort"}
    assert written.entries(tmp_path) == {"text": {"file": "model.txt", "bytes": 5, "opset": 7}}
    assert "never is left out: no operator called sort" in caplog.text


def test_no_format_at_all_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no format with a graph .*: never: no operator"):
        write(tmp_path, [Never()])


def test_nothing_is_quantized_without_onnx(tmp_path: Path) -> None:
    never = Never()
    never.name = "onnx"  # type: ignore[misc]
    with pytest.raises(ExportError, match="quantize needs onnx"):
        write(tmp_path, [Text(), never], "int8")
