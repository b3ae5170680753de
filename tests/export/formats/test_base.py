from pathlib import Path

import pytest
from torch import nn

from lightning_kit.export.formats.base import Answerer, Dynamic, Example, Format
from lightning_kit.export.graph import AnswerGraph


class Empty(Format):
    name, file_name = "empty", "model.empty"

    def write(self, graph: AnswerGraph, example: Example, dynamic: Dynamic, path: Path) -> None:
        path.touch()

    def open(self, path: Path) -> Answerer:
        return lambda inputs: {}


def test_a_format_has_a_graph_unless_it_says_otherwise(tmp_path: Path) -> None:
    empty = Empty()
    assert (empty.has_graph, empty.opset) == (True, None)
    assert empty.check(AnswerGraph(None, nn.Identity()), tmp_path) == ""


def test_writing_and_opening_are_a_formats_own() -> None:
    with pytest.raises(TypeError, match="abstract methods '?open'?, '?write"):
        Format()  # type: ignore[abstract]
