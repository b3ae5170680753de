from pathlib import Path

import numpy as np
import torch
from torch import nn

from lightning_kit.export.formats import Onnx
from lightning_kit.export.formats.onnx_values import onnx_values
from lightning_kit.export.formats.program import program_of
from lightning_kit.export.graph import AnswerGraph


def test_values_between_input_and_answers_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    example, dynamic = {"input": torch.rand(2, 4)}, {"input": {0: "batch"}}
    graph = AnswerGraph.of(None, network, None, example)
    Onnx().write(graph, example, dynamic, path)
    rows = {"input": np.random.default_rng(0).random((5, 4), np.float32)}
    expected, found = onnx_values(program_of(graph, example, dynamic), path, rows)
    assert list(expected) == list(found) == ["linear", "tanh"]
    torch.testing.assert_close(expected, found, rtol=1e-5, atol=1e-6)
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
