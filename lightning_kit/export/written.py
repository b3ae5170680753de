"""The files of an artefact before the gate: every format, what was left out, and why."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from numpy.typing import NDArray

from lightning_kit.export.errors import ExportError
from lightning_kit.export.formats import Dynamic, Example, Format, Unsupported
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.export.quantize import quantize

_logger = logging.getLogger(__name__)


@final
@dataclass
class Written:
    """What lies in the folder.

    Args:
        formats: By name, those that took the model.
        left_out: By name, why another did not.
        quantized: What the ONNX file was quantized to.
    """

    formats: dict[str, Format] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    quantized: str | None = None

    def entries(self, folder: Path) -> dict[str, dict[str, Any]]:
        """Return what a manifest says of each format."""
        return {
            name: {
                "file": each.file_name,
                "bytes": (folder / each.file_name).stat().st_size,
                **({} if each.opset is None else {"opset": each.opset}),
                **({"quantized": self.quantized} if name == "onnx" and self.quantized else {}),
            }
            for name, each in self.formats.items()
        }


def write_formats(
    folder: Path,
    formats: Sequence[Format],
    graph: AnswerGraph,
    example: Example,
    dynamic: Dynamic,
    *,
    quantized: str | None,
    inputs: Mapping[str, NDArray[Any]],
) -> Written:
    """Write ``graph`` in each of ``formats`` to ``folder``.

    Args:
        folder: Of the artefact to be.
        formats: At least one with a graph.
        graph: In any mode; it is left as found.
        example: Two rows of each input.
        dynamic: Dimensions of any size.
        quantized: What to make of the ONNX file.
        inputs: Real samples as the graph takes them, to calibrate with.

    Raises:
        ExportError: If no format with a graph can take the model, or the ONNX file cannot be
            quantized.
    """
    written = Written(quantized=quantized)
    for each in formats:
        try:
            each.write(graph, example, dynamic, folder / each.file_name)
        except Unsupported as error:
            written.left_out[each.name] = error.reason
        else:
            written.formats[each.name] = each
    if not any(each.has_graph for each in written.formats.values()):
        reasons = "; ".join(f"{name}: {reason}" for name, reason in written.left_out.items())
        raise ExportError(f"no format with a graph can take this model: {reasons}")
    for name, reason in written.left_out.items():
        _logger.warning("%s is left out: %s", name, reason)
    if quantized is not None:
        if "onnx" not in written.formats:
            raise ExportError(f"quantize needs onnx, which {written.left_out['onnx']}")
        quantize(folder / written.formats["onnx"].file_name, quantized, inputs)
    return written
