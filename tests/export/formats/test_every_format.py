"""What all formats promise, over the kinds of models that people export."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from programs.exported import MODELS, Calls, batches, made
from torch import nn

from lightning_kit.export.arrays import as_arrays, as_tensors
from lightning_kit.export.examples import allowed, example_of
from lightning_kit.export.formats import FORMATS, Dynamic, Example, Format, Unsupported
from lightning_kit.export.graph import AnswerGraph

ANSWERING = [name for name, kind in FORMATS.items() if kind.has_graph]


def exported(
    graph: AnswerGraph, example: Example, dynamic: Dynamic, format: Format, folder: Path
) -> Path:
    path = folder / format.file_name
    format.write(graph, example, dynamic, path)
    assert [found.name for found in folder.iterdir()] == [format.file_name]
    return path


def seen(module: nn.Module) -> dict[str, Any]:
    """Everything of a module that an export might change."""
    parts = dict(module.named_modules())
    return {
        "mode": [part.training for part in parts.values()],
        "grad": [parameter.requires_grad for parameter in module.parameters()],
        "memory": [tensor.data_ptr() for tensor in module.state_dict().values()],
        "parts": {name: sorted(vars(part)) for name, part in parts.items()},
        "hooks": [
            [len(hooks) for name, hooks in vars(part).items() if name.endswith("_hooks")]
            for part in parts.values()
        ],
    }


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("format", ANSWERING)
def test_a_file_answers_as_the_model_does(format: str, name: str, tmp_path: Path) -> None:
    pipeline, inputs = made(name)
    example, dynamic = example_of(inputs)
    graph = pipeline.graph(example)
    dynamic = allowed(graph, example, dynamic)
    if name == "tokens":
        assert dynamic == {"input": {0: "batch", 1: "length"}}
    kind = FORMATS[format]()
    answer = kind.open(exported(graph, example, dynamic, kind, tmp_path))
    for batch in batches(inputs):
        expected, found = pipeline.answers(batch), answer(batch)
        assert list(found) == list(expected)
        for output, values in expected.items():
            assert found[output].dtype == values.dtype
            np.testing.assert_allclose(found[output], values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("format", FORMATS)
def test_the_model_is_left_as_it_was_and_nothing_is_said(
    format: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pipeline, inputs = made("recurrent")
    network = nn.Sequential(pipeline.network, nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout())
    network[1].requires_grad_(False)
    network[2].eval()
    network[1].register_forward_hook(lambda *_: None)
    example, dynamic = example_of(inputs)
    graph = AnswerGraph.of(None, network, None, example)
    before = seen(graph)
    weights = {name: tensor.clone() for name, tensor in graph.state_dict().items()}
    kind = FORMATS[format]()
    path = exported(graph, example, dynamic, kind, tmp_path)
    if kind.has_graph:
        kind.open(path)(as_arrays(example))
    else:
        assert kind.check(graph, path) == ""
    assert seen(graph) == before
    torch.testing.assert_close(graph.state_dict(), weights, rtol=0, atol=0)
    assert graph(*example.values())["output"].requires_grad
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("format", ANSWERING)
def test_a_model_that_fails_is_left_as_it_was_too(
    format: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def failing(x: torch.Tensor) -> torch.Tensor:
        if x.sum() > 0:
            return x + 1
        return x - 1

    network = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2).eval(), Calls(failing))
    graph = AnswerGraph(None, network, output_names=["output"])
    before = seen(graph)
    with pytest.raises(Unsupported, match=r"in `if x.sum\(\) > 0:` \(test_every_format.py") as said:
        exported(graph, {"input": torch.ones(2, 2)}, {"input": {0: "batch"}}, FORMATS[format](),
                 tmp_path)  # fmt: skip
    assert "depends on the values of the input" in str(said.value)
    assert "\n" not in str(said.value)
    assert seen(graph) == before
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("format", ANSWERING)
def test_read_only_inputs_and_one_row_examples_serve(format: str, tmp_path: Path) -> None:
    rows = np.ones((1, 2), np.float32)
    rows.flags.writeable = False
    example, dynamic = example_of({"input": rows})
    graph = AnswerGraph.of(None, nn.Linear(2, 1), None, example)
    kind = FORMATS[format]()
    answer = kind.open(exported(graph, example, dynamic, kind, tmp_path))
    expected = as_arrays(graph(*as_tensors({"input": rows}).values()))["output"]
    np.testing.assert_allclose(answer({"input": rows})["output"], expected, rtol=1e-6)


def test_names_and_files_differ() -> None:
    kinds = FORMATS.values()
    assert list(FORMATS) == ["onnx", "pt2", "safetensors", "torchscript"]
    assert len({kind.file_name for kind in kinds}) == len(kinds)
