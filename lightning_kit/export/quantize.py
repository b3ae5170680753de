"""Fewer bits for the weights of an ONNX file, by onnxruntime's own tools."""

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lightning_kit.export.errors import ExportError

Kind = Literal["int8", "int8-dynamic", "fp16"]
KINDS: tuple[str, ...] = get_args(Kind)
# What has weights to make smaller. Softmax and the postprocessing keep their digits.
OPERATORS = ["Conv", "Gemm", "MatMul"]
CALIBRATION_ROWS = 256


def quantize(path: Path, kind: str, inputs: Mapping[str, NDArray[Any]]) -> None:
    """Replace the ONNX file at ``path`` by one of fewer bits.

    Args:
        path: Of an ONNX file.
        kind: ``int8``: weights and activations, their ranges learnt from ``inputs``.
            ``int8-dynamic``: weights; ranges of activations are those of each batch, so that a
            row's answer depends a little on the others. ``fp16``: half precision within.
        inputs: Real samples as the graph takes them; at most 256 rows are used.

    Raises:
        ExportError: If ``kind`` is unknown, the tool is not in this onnxruntime or cannot take the
            model, or nothing in the model has weights to make smaller.
    """
    if kind not in KINDS:
        raise ExportError(f"quantize must be one of {list(KINDS)}, got {kind!r}")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".quantize") as folder:
        small = Path(folder) / path.name
        try:
            with _quiet():
                _convert(path, small, kind, inputs)
        except ImportError as error:
            raise ExportError(
                f"quantize {kind} is not in this onnxruntime: {error}: leave it out, or "
                "pip install 'lightning_kit[export]'"
            ) from error
        except OSError:
            # A full disk says nothing of the model.
            raise
        except Exception as error:
            line = " ".join(str(error).split())[:300]
            raise ExportError(
                f"quantize {kind} cannot take this model: {type(error).__name__}: {line}"
            ) from error
        if _node_types(small) == _node_types(path):
            raise ExportError(
                f"quantize {kind} must have an effect, but no {', '.join(OPERATORS)} of this "
                "model has weights: leave it out"
            )
        os.replace(small, path)


def _convert(path: Path, small: Path, kind: str, inputs: Mapping[str, NDArray[Any]]) -> None:
    if kind == "fp16":
        onnx, float16 = import_module("onnx"), import_module("onnxruntime.transformers.float16")
        # Inputs and outputs keep their types: whoever asks need not know.
        model = float16.convert_float_to_float16(onnx.load(path), keep_io_types=True)
        onnx.save(model, small)
        return
    tools = import_module("onnxruntime.quantization")
    settings: dict[str, Any] = {
        "op_types_to_quantize": OPERATORS,
        "weight_type": tools.QuantType.QInt8,
        "per_channel": True,
        # Processors without VNNI add pairs of products in 16 bits, which 8-bit weights overflow
        # unseen; with 7 bits all processors answer alike.
        # https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
        "reduce_range": True,
    }
    if kind == "int8-dynamic":
        tools.quantize_dynamic(path, small, **settings)
        return
    prepared = small.with_name("prepared.onnx")
    shapes = import_module("onnxruntime.quantization.shape_inference")
    shapes.quant_pre_process(path, prepared)
    tools.quantize_static(
        prepared, small, _Reader(inputs), activation_type=tools.QuantType.QUInt8, **settings
    )


class _Reader:
    """What onnxruntime calls a CalibrationDataReader: batches, then None."""

    def __init__(self, inputs: Mapping[str, NDArray[Any]]) -> None:
        rows = len(next(iter(inputs.values())))
        at = np.linspace(0, rows - 1, min(CALIBRATION_ROWS, rows)).round().astype(np.int64)
        batches = np.array_split(at, max(1, len(at) // 32))
        self._batches: Iterator[dict[str, NDArray[Any]]] = iter(
            [{name: values[some] for name, values in inputs.items()} for some in batches]
        )

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        return next(self._batches, None)


def _node_types(path: Path) -> list[tuple[str, int]]:
    """Return what each node does and the types of the weights beside it."""
    graph = import_module("onnx").load(path).graph
    types = sorted(weight.data_type for weight in graph.initializer)
    return [(node.op_type, 0) for node in graph.node] + [("weight", kind) for kind in types]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep advice on how to prepare a model, which was prepared, from a reader's screen."""
    root = logging.getLogger()
    level = root.level
    with warnings.catch_warnings():
        # Weights beyond what half precision holds are clipped; the gate says what that costs.
        warnings.filterwarnings("ignore", "the float32 number", UserWarning)
        root.setLevel(logging.ERROR)
        try:
            yield
        finally:
            root.setLevel(level)
