from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from lightning_kit.datamodules.preprocess import Scale
from lightning_kit.export.first_difference import (
    differing_part,
    differing_value,
    first_difference,
)
from lightning_kit.export.formats import Onnx
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.export.tolerance import tolerance_of
from lightning_kit.models import ClassAnswer

TOLERANCE = tolerance_of([])
ROWS = np.random.default_rng(0).random((6, 4), np.float32)
INPUTS = {"input": ROWS}


@pytest.fixture
def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 3)).eval()


def test_a_dropout_left_on_is_named(network: nn.Sequential) -> None:
    graph = AnswerGraph(None, network, ClassAnswer())
    own = torch.from_numpy(ROWS)
    assert differing_part(graph, INPUTS, lambda: network(own), TOLERANCE) == ""
    network.train()
    found = differing_part(graph, INPUTS, lambda: network(own), TOLERANCE)
    assert found.startswith("network.1 (Dropout): row ")
    assert network.training


def test_another_preprocessing_is_seen_in_what_the_network_takes(network: nn.Sequential) -> None:
    graph = AnswerGraph(Scale(2), network, ClassAnswer())
    found = differing_part(graph, INPUTS, lambda: network(torch.from_numpy(ROWS)), TOLERANCE)
    assert found.startswith("input of network: row ")


def test_a_reference_through_other_modules_says_nothing(network: nn.Sequential) -> None:
    graph = AnswerGraph(None, network, ClassAnswer())
    assert differing_part(graph, INPUTS, lambda: None, TOLERANCE) == ""


def test_a_changed_weight_is_found_in_the_file(network: nn.Sequential, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    example = {"input": torch.from_numpy(ROWS[:2])}
    graph = AnswerGraph.of(None, network, ClassAnswer(), example)
    dynamic = {"input": {0: "batch"}}
    Onnx().write(graph, example, dynamic, path)
    assert differing_value(graph, INPUTS, dynamic, path, TOLERANCE) == ""
    model = onnx.load(path)
    (bias,) = [each for each in model.graph.initializer if each.name == "network.3.bias"]
    bias.CopyFrom(numpy_helper.from_array(np.ones(3, np.float32), bias.name))
    onnx.save(model, path)
    found = differing_value(graph, INPUTS, dynamic, path, TOLERANCE)
    assert found.startswith("linear_1: row ")


def test_the_first_in_order_is_named() -> None:
    one, two = np.ones((1, 1)), np.zeros((1, 1))
    expected = {"c": one, "b": one, "a": one}
    assert first_difference(expected, {"c": one, "a": two, "b": two}, TOLERANCE).startswith("a: ")
    assert first_difference(expected, {"c": one, "new": two}, TOLERANCE) == ""
