"""The files that a model is written to, a file a format."""

from lightning_kit.export.formats.base import Answerer, Dynamic, Example, Format
from lightning_kit.export.formats.onnx import Onnx
from lightning_kit.export.formats.pt2 import Pt2
from lightning_kit.export.formats.safetensors import SafeTensors
from lightning_kit.export.formats.torchscript import TorchScript
from lightning_kit.export.formats.unsupported import Unsupported

# In the order that a person reads them in.
FORMATS: dict[str, type[Format]] = {
    kind.name: kind for kind in (Onnx, Pt2, SafeTensors, TorchScript)
}

__all__ = [
    "FORMATS",
    "Answerer",
    "Dynamic",
    "Example",
    "Format",
    "Onnx",
    "Pt2",
    "SafeTensors",
    "TorchScript",
    "Unsupported",
]
