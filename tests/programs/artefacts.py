"""Small artefact folders, made without the export side."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

from lightning_kit.artefact import Manifest, TensorSpec, encode_inputs
from lightning_kit.artefact.golden import TENSORS, write_golden
from lightning_kit.artefact.hashes import sha256_of
from lightning_kit.artefact.runtime import OnnxRuntime
from lightning_kit.artefact.seals import seals_of

ENCODERS: list[dict[str, Any]] = [
    {"kind": "number", "column": "size", "fill": 2.0, "offset": 0.0, "indicator": False},
    {
        "kind": "category", "column": "colour", "categories": ["blue", "red"], "missing": False,
    },
]  # fmt: skip
TABLE_ROWS: dict[str, list[Any]] = {"size": [1.5, None, 3.0], "colour": ["red", "blue", "green"]}
PICTURE_ENCODERS = [{"kind": "image", "column": "picture", "mode": "RGB", "size": [4, 6]}]


def write_table(folder: Path, rows: dict[str, Any] = TABLE_ROWS, **changes: Any) -> Path:
    """``probabilities`` (softmax of the three features) and ``prediction`` of a table."""
    model = graph(
        [
            helper.make_node("Softmax", ["input"], ["probabilities"], axis=1),
            helper.make_node("ArgMax", ["probabilities"], ["prediction"], axis=1, keepdims=0),
        ],
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 3]),
            helper.make_tensor_value_info("prediction", TensorProto.INT64, ["batch"]),
        ],
    )
    values: dict[str, Any] = {
        "inputs": (TensorSpec("input", "float32", ("batch", 3)),),
        "outputs": (
            TensorSpec("probabilities", "float32", ("batch", 3)),
            TensorSpec("prediction", "int64", ("batch",)),
        ),
        "classes": ["a", "b", "c"],
        "encoders": ENCODERS,
    }
    return write(folder, model, rows, {**values, **changes})


def write_pictures(folder: Path, rows: dict[str, Any], **changes: Any) -> Path:
    """``mean``, of every channel of a picture in [0, 1]."""
    model = graph(
        [
            helper.make_node("Cast", ["input"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("Div", ["floats", "scale"], ["scaled"]),
            helper.make_node("ReduceMean", ["scaled", "axes"], ["mean"], keepdims=0),
        ],
        [helper.make_tensor_value_info("input", TensorProto.UINT8, ["batch", 3, 4, 6])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["batch", 3])],
        {"scale": np.float32(255), "axes": np.array([2, 3])},
    )
    values: dict[str, Any] = {
        "inputs": (TensorSpec("input", "uint8", ("batch", 3, 4, 6)),),
        "outputs": (TensorSpec("mean", "float32", ("batch", 3)),),
        "encoders": PICTURE_ENCODERS,
    }
    return write(folder, model, rows, {**values, **changes})


def graph(
    nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: dict[str, Any] | None = None
) -> bytes:
    """Return a model of IR 10 and opset 20."""
    tensors = [numpy_helper.from_array(np.asarray(v), k) for k, v in (constants or {}).items()]
    made = helper.make_graph(nodes, "small", inputs, outputs, tensors)
    opset = helper.make_opsetid("", 20)
    model = helper.make_model(made, opset_imports=[opset], ir_version=10)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def write(folder: Path, model: bytes, rows: dict[str, Any], values: dict[str, Any]) -> Path:
    """Write model, golden rows and manifest; ``values`` are the manifest's own."""
    folder.mkdir()
    (folder / "model.onnx").write_bytes(model)
    plain: dict[str, Any] = {
        "name": "small",
        "created": "2026-01-02T03:04:05+00:00",
        "classes": None,
        "encoders": None,
        "statistics": {},
        "formats": {"onnx": {"file": "model.onnx"}},
        "left_out": {},
        "lineage": {},
        "versions": {},
        "verification": {},
        "files": hashes(folder),
    }
    manifest = Manifest(**{**plain, **values})
    inputs = encode_inputs(rows, manifest.encoders, manifest.inputs)
    answers = OnnxRuntime(folder / "model.onnx")(inputs)
    write_golden(folder, rows, inputs, answers, metadata=seals_of(manifest))
    replace(manifest, files=hashes(folder)).write(folder)
    return folder


def reseal(folder: Path) -> None:
    """Make the golden tensors and the hashes those of an edited manifest."""
    manifest = Manifest.read(folder)
    tensors = load_file(folder / TENSORS)
    save_file(tensors, folder / TENSORS, metadata=seals_of(manifest))
    names = {name: hashes(folder)[name] for name in manifest.files}
    replace(manifest, files=names).write(folder)


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: sha256_of(file) for file in folder.iterdir() if file.name != "manifest.json"}
