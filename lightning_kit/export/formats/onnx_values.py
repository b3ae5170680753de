"""What an ONNX file computes on the way to its answers, beside the program it was written from."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.export import ExportedProgram
from torch.fx import Interpreter, Node

from lightning_kit.artefact.extras import imported
from lightning_kit.artefact.runtime import OnnxRuntime
from lightning_kit.export.arrays import as_arrays, as_tensors

Arrays = dict[str, NDArray[Any]]


def onnx_values(
    program: ExportedProgram, path: Path, inputs: Mapping[str, NDArray[Any]]
) -> tuple[Arrays, Arrays]:
    """Return the values that program and file have under one name, in the program's order.

    As ``torch.onnx.verification.verify_onnx_program(compare_intermediates=True)`` compares a
    program in memory; this compares what lies in the file, whatever happened to it since.

    Args:
        program: Of the graph.
        path: The file.
        inputs: What both take, by name, in the program's order.
    """
    expected = _Values(program)
    expected.run(*as_tensors(inputs).values())
    onnx = imported("onnx", "exports to ONNX", "export")
    model = onnx.load(path)
    answers = {output.name for output in model.graph.output}
    inside = {name for node in model.graph.node for name in node.output}
    # An answer is compared as an answer.
    shared = [name for name in expected.found if name in inside - answers]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in shared)
    with TemporaryDirectory() as folder:
        file = Path(folder, path.name)
        onnx.save(model, file)
        found = OnnxRuntime(file)(inputs)
    return as_arrays({name: expected.found[name] for name in shared}), {
        name: found[name] for name in shared
    }


class _Values(Interpreter):
    """Runs a program and keeps every tensor by name."""

    def __init__(self, program: ExportedProgram) -> None:
        super().__init__(program.module())
        self.found: dict[str, Tensor] = {}

    def run_node(self, n: Node) -> Any:
        with torch.no_grad():
            result = super().run_node(n)
        if n.op == "call_function" and isinstance(result, Tensor):
            self.found[n.name] = result
        return result
