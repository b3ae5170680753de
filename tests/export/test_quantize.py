import errno
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lightning_kit.export import quantize as module
from lightning_kit.export.errors import ExportError
from lightning_kit.export.quantize import KINDS, quantize

RANDOM = np.random.default_rng(0)
INPUTS = {"input": RANDOM.normal(size=(300, 64)).astype(np.float32)}


def written(path: Path, weights: bool = True) -> Path:
    """A file of one layer, with a dynamic batch."""
    shapes: list[tuple[str, list[Any]]] = [
        ("input", ["batch", 64]),
        ("output", ["batch", 32 if weights else 64]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, s) for name, s in shapes]
    nodes = [helper.make_node("Relu", ["input"], ["output"])]
    stored = []
    if weights:
        weight = RANDOM.normal(size=(64, 32)).astype(np.float32) / 8
        nodes = [
            helper.make_node("MatMul", ["input", "weight"], ["middle"]),
            helper.make_node("Relu", ["middle"], ["output"]),
        ]
        stored = [numpy_helper.from_array(weight, "weight")]
    graph = helper.make_graph(nodes, "small", ends[:1], ends[1:], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, path)
    return path


def answer(path: Path) -> NDArray[Any]:
    onnxruntime = import_module("onnxruntime")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    result: NDArray[Any] = session.run(None, INPUTS)[0]
    return result


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("int8", {TensorProto.INT8}),
        ("int8-dynamic", {TensorProto.INT8}),
        ("fp16", {TensorProto.FLOAT16}),
    ],
)
def test_weights_become_smaller_and_answers_stay_near(
    tmp_path: Path, kind: str, types: set[int], capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "model.onnx")
    before = answer(path)
    quantize(path, kind, INPUTS)
    assert [each.name for each in tmp_path.iterdir()] == ["model.onnx"]
    weights = [each for each in onnx.load(path).graph.initializer if np.prod(each.dims) > 1000]
    assert {each.data_type for each in weights} == types
    after = answer(path)
    assert after.dtype == np.float32
    error = np.abs(after - before).max()
    assert 0 < error < (0.01 if kind == "fp16" else 0.2)
    assert capfd.readouterr() == ("", "")


def test_a_disk_that_takes_nothing_says_nothing_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.EFBIG, "File too large")

    path = written(tmp_path / "model.onnx")
    monkeypatch.setattr(onnx, "save", full)
    with pytest.raises(OSError, match="File too large"):
        quantize(path, "fp16", INPUTS)


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"quantize must be one of .*'int8'.*, got 'int4'"):
        quantize(tmp_path / "model.onnx", "int4", INPUTS)


@pytest.mark.parametrize("kind", ["int8", "int8-dynamic"])
def test_what_would_have_no_effect_is_refused(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / "model.onnx", weights=False)
    before = path.read_bytes()
    with pytest.raises(ExportError, match="must have an effect"):
        quantize(path, kind, INPUTS)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_tool_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = written(tmp_path / "model.onnx")

    def missing(name: str) -> ModuleType:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(module, "import_module", missing)
    with pytest.raises(ExportError, match="is not in this onnxruntime") as error:
        quantize(path, kind, INPUTS)
    assert "\n" not in str(error.value)


def test_a_model_that_a_tool_cannot_take_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"no model\n")
    with pytest.raises(ExportError, match="quantize int8 cannot take this model") as error:
        quantize(path, "int8", INPUTS)
    assert "\n" not in str(error.value)
    assert [each.name for each in tmp_path.iterdir()] == ["model.onnx"]
