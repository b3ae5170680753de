"""The weights alone, for people who have the code of the model."""

from pathlib import Path
from typing import ClassVar, final

import torch
from torch import Tensor

from lightning_kit.export.errors import ExportError
from lightning_kit.export.formats.base import Answerer, Dynamic, Example, Format
from lightning_kit.export.formats.unsupported import Unsupported
from lightning_kit.export.graph import AnswerGraph


@final
class SafeTensors(Format):
    """Parameters and buffers, named ``network.<name>``, ``preprocess.<name>`` and so on.

    Weights that are tied are written under each of their names.
    """

    name: ClassVar[str] = "safetensors"
    file_name: ClassVar[str] = "model.safetensors"
    has_graph: ClassVar[bool] = False

    def write(self, graph: AnswerGraph, example: Example, dynamic: Dynamic, path: Path) -> None:
        from safetensors.torch import save

        try:
            content = save({name: _apart(tensor) for name, tensor in weights(graph).items()})
        except Exception as error:
            raise Unsupported(f"safetensors cannot hold the weights: {error}") from error
        # Apart, as a full disk says nothing of the model.
        path.write_bytes(content)

    def open(self, path: Path) -> Answerer:
        raise ExportError(f"{path.name} holds weights alone: answers need onnx, pt2 or torchscript")

    def check(self, graph: AnswerGraph, path: Path) -> str:
        """Read the file back, and compare it with ``graph`` bit for bit."""
        from safetensors.torch import load_file

        found, expected = load_file(path), weights(graph)
        for name, tensor in expected.items():
            if name not in found:
                return f"{name} is missing"
            if not _alike(tensor, found[name]):
                return f"{name} differs from the model's own"
        extra = sorted(found.keys() - expected.keys())
        return f"{extra[0]} is a tensor that the model does not have" if extra else ""


def weights(graph: AnswerGraph) -> dict[str, Tensor]:
    """Return what a checkpoint would keep of ``graph``.

    Raises:
        Unsupported: If a module keeps something that is no tensor.
    """
    state = graph.state_dict()
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise Unsupported(f"{name} is no tensor but {type(value).__name__}")
    return dict(state)


def _apart(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _alike(left: Tensor, right: Tensor) -> bool:
    if left.dtype != right.dtype or left.shape != right.shape:
        return False
    # As bytes: a NaN equals no NaN, and 0 equals -0.
    return torch.equal(_bytes(left), _bytes(right))


def _bytes(tensor: Tensor) -> Tensor:
    return _apart(tensor).reshape(-1).view(torch.uint8)
