"""ONNX by torch's own exporter, answered by onnxruntime: what artefacts are served from."""

import re
from pathlib import Path
from typing import Any, ClassVar, final

import torch

from lightning_kit.artefact.extras import imported
from lightning_kit.artefact.runtime import OnnxRuntime
from lightning_kit.export.errors import ExportError
from lightning_kit.export.formats.base import Answerer, Dynamic, Example, Format
from lightning_kit.export.formats.blame import blamed
from lightning_kit.export.formats.program import program_of
from lightning_kit.export.formats.quiet import quiet
from lightning_kit.export.formats.unsupported import Unsupported
from lightning_kit.export.graph import AnswerGraph

# What torch's exporter writes without converting: torchlib's operators start here.
OLDEST_OPSET = 18
DEFAULT_OPSET = 20
# Protobuf's own limit on a file, less room for the graph beside the weights.
ONE_FILE_BYTES = 2**31 - 2**25


@final
class Onnx(Format):
    """One file below 2 GB; a larger one keeps its weights in ``<file>.data`` beside it.

    Args:
        opset: Version of the operators, at least 18; None: 20.

    Raises:
        ExportError: If ``opset`` is too old or, when written, too new.
    """

    name: ClassVar[str] = "onnx"
    file_name: ClassVar[str] = "model.onnx"

    def __init__(self, opset: int | None = None) -> None:
        if opset is not None and opset < OLDEST_OPSET:
            raise ExportError(
                f"opset must be at least {OLDEST_OPSET}, which torch's exporter starts at, "
                f"got {opset}"
            )
        self.opset: int = DEFAULT_OPSET if opset is None else opset

    def write(self, graph: AnswerGraph, example: Example, dynamic: Dynamic, path: Path) -> None:
        for package in ("onnx", "onnxscript"):
            imported(package, "exports to ONNX", "export")
        written = program_of(graph, example, dynamic)
        try:
            with quiet(), torch.no_grad():
                program: Any = torch.onnx.export(
                    written,
                    dynamo=True,
                    verbose=False,
                    opset_version=self.opset,
                    input_names=list(graph.input_names),
                    output_names=list(graph.output_names),
                )
        except Exception as error:
            raise Unsupported(blamed(error)) from error
        found = program.model.opset_imports[""]
        if found < self.opset:
            raise ExportError(
                f"opset must be one that this exporter writes, got {self.opset}: it wrote {found} "
                f"(name an older one, or none for {DEFAULT_OPSET})"
            )
        if found != self.opset:
            raise Unsupported(f"the model needs operators of opset {found}: --opset {found}")
        _name_dimensions(program.model, dynamic)
        size = sum(tensor.nbytes for tensor in graph.state_dict().values())
        program.save(path, external_data=size >= ONE_FILE_BYTES)

    def open(self, path: Path) -> Answerer:
        return OnnxRuntime(path)


def _name_dimensions(model: Any, dynamic: Dynamic) -> None:
    """Call dynamic dimensions as people know them; the exporter calls them s21 and so on."""
    names: dict[str, str] = {}
    for value in model.graph.inputs:
        for place, name in dynamic.get(value.name, {}).items():
            names[str(value.shape[place])] = name
    if not names:
        return
    known = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b")
    for value in _values(model.graph):
        if value.shape is not None:
            # Shapes that nodes share are frozen, so each gets its own.
            value.shape = type(value.shape)(
                size if isinstance(size, int) else known.sub(lambda at: names[at[1]], str(size))
                for size in value.shape
            )


def _values(graph: Any) -> list[Any]:
    return [*graph.inputs, *(value for node in graph.all_nodes() for value in node.outputs)]
