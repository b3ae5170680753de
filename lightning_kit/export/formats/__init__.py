"""The files that a model is written to, a file a format."""

from lightning_kit.export.formats.base import Answerer, Dynamic, Example, Format
from lightning_kit.export.formats.unsupported import Unsupported

__all__ = ["Answerer", "Dynamic", "Example", "Format", "Unsupported"]
