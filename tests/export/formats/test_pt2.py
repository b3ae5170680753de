from pathlib import Path

import torch
from programs.exported import Dictionary
from torch import nn

from lightning_kit.export.formats.pt2 import NAMES, Pt2
from lightning_kit.export.graph import AnswerGraph


def test_torch_alone_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    example = {"b": torch.rand(2, 3), "a": torch.zeros(2, 3)}
    graph = AnswerGraph.of(None, Dictionary(), None, example)
    Pt2().write(graph, example, {name: {0: "batch"} for name in example}, path)
    found = {NAMES: ""}
    module = torch.export.load(path, extra_files=found).module()
    assert found[NAMES] == "b,a"
    assert module(torch.ones(5, 3), torch.zeros(5, 3))["sum"].tolist() == [[1.0] * 3] * 5


def test_inputs_go_by_name_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    example = {"b": torch.rand(2, 3), "a": torch.zeros(2, 3)}
    graph = AnswerGraph.of(None, Dictionary(), None, example)
    Pt2().write(graph, example, {name: {0: "batch"} for name in example}, path)
    rows = {"a": torch.ones(1, 3).numpy(), "b": torch.zeros(1, 3).numpy()}
    assert Pt2().open(path)(rows)["same"].tolist() == [[1.0, 1.0, 1.0]]


def test_weights_are_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    network = nn.Linear(3, 1)
    graph = AnswerGraph.of(None, network, None, {"input": torch.rand(2, 3)})
    Pt2().write(graph, {"input": torch.rand(2, 3)}, {"input": {0: "batch"}}, path)
    expected = network(torch.ones(4, 3)).tolist()
    nn.init.zeros_(network.weight)
    rows = {"input": torch.ones(4, 3).numpy()}
    assert Pt2().open(path)(rows)["output"].tolist() == expected
