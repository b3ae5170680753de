"""TorchScript, for programs that still load it; torch has deprecated it."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, final

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lightning_kit.export.arrays import as_arrays, as_tensors
from lightning_kit.export.evaluating import evaluating
from lightning_kit.export.formats.base import Answerer, Dynamic, Example, Format
from lightning_kit.export.formats.blame import blamed
from lightning_kit.export.formats.unsupported import Unsupported
from lightning_kit.export.graph import AnswerGraph

_logger = logging.getLogger(__name__)
DEPRECATION = "torch has deprecated TorchScript and will remove it: prefer pt2 or onnx"
NAMES = "names.txt"
# torch leaves it untyped.
JIT: Any = torch.jit


@final
class TorchScript(Format):
    """``torch.jit.load(path)(*inputs)`` returns the answers as a tuple.

    Traced, so what depends on the values or sizes of the input is refused. The names of inputs
    and answers are in the extra file ``names.txt``, a line each, comma separated.
    """

    name: ClassVar[str] = "torchscript"
    file_name: ClassVar[str] = "model.ts"

    def write(self, graph: AnswerGraph, example: Example, dynamic: Dynamic, path: Path) -> None:
        _logger.warning(DEPRECATION)
        inputs = tuple(example[name] for name in graph.input_names)
        names = "\n".join([",".join(graph.input_names), ",".join(graph.output_names)])
        try:
            with evaluating(graph), tracing(), _detached(graph):
                traced = JIT.trace(_Tuple(graph).eval(), inputs, check_trace=False)
                content = traced.save_to_buffer(_extra_files={NAMES: names})
        except Exception as error:
            raise Unsupported(blamed(error)) from error
        # Not by torch 2.13, whose writer aborts the process where the disk is full.
        path.write_bytes(content)

    def open(self, path: Path) -> Answerer:
        found: dict[str, Any] = {NAMES: b""}
        with tracing():
            module = JIT.load(path, map_location="cpu", _extra_files=found).eval()
        inputs_in_order, answers = (line.split(",") for line in found[NAMES].decode().split("\n"))

        def answer(inputs: Any) -> dict[str, NDArray[Any]]:
            tensors = as_tensors(inputs)
            with torch.no_grad():
                outputs = module(*(tensors[name] for name in inputs_in_order))
            return as_arrays(dict(zip(answers, outputs, strict=True)))

        return answer


@final
class _Tuple(nn.Module):
    """TorchScript keeps the order of a dict, but not that its values are tensors."""

    def __init__(self, graph: AnswerGraph) -> None:
        super().__init__()
        self.graph = graph

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.graph(*inputs).values())


@contextmanager
def _detached(graph: nn.Module) -> Iterator[None]:
    """Let torch look at every attribute of a LightningModule, though no Trainer has it.

    Its ``trainer`` raises then, unless this mark says that a script is made, as in its own
    ``to_torchscript`` (pytorch_lightning/core/module.py).
    """
    marked: list[Any] = [
        part for part in graph.modules() if hasattr(type(part), "_jit_is_scripting")
    ]
    for part in marked:
        part._jit_is_scripting = True
    try:
        yield
    finally:
        for part in marked:
            del part._jit_is_scripting


@contextmanager
def tracing() -> Iterator[None]:
    """Take a value that a trace would freeze for an error, and the deprecation as known."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"`torch\.jit\..*` is deprecated", DeprecationWarning)
        warnings.simplefilter("error", JIT.TracerWarning)
        # Its own layers check their inputs so, and fix nothing.
        warnings.filterwarnings("ignore", category=JIT.TracerWarning, module=r"torch\.")
        yield
