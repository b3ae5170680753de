"""What every format does: write a graph to a file, and answer from the file."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray
from torch import Tensor

from lightning_kit.export.graph import AnswerGraph

Example = Mapping[str, Tensor]
# Input name -> dimension -> its name, for those that may be of any size.
Dynamic = Mapping[str, Mapping[int, str]]
Answerer = Callable[[Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]


class Format(ABC):
    """A kind of file. A format needs no state beyond its own options.

    Attributes:
        name: How flags and the manifest call it.
        file_name: In the artefact folder.
        has_graph: Whether the file answers; False where it holds weights alone.
        opset: Of ONNX; None for every other format.
    """

    name: ClassVar[str]
    file_name: ClassVar[str]
    has_graph: ClassVar[bool] = True
    opset: int | None = None

    @abstractmethod
    def write(self, graph: AnswerGraph, example: Example, dynamic: Dynamic, path: Path) -> None:
        """Write ``graph`` to ``path``, in evaluation mode; the graph is left as it was.

        Args:
            graph: With its outputs named.
            example: A tensor for each input, with at least 2 rows.
            dynamic: The dimensions that the file must take in any size.
            path: A file that does not exist.

        Raises:
            Unsupported: If the format cannot take the model, naming the operation. Nothing is
                left at ``path``.
        """

    @abstractmethod
    def open(self, path: Path) -> Answerer:
        """Return what answers from the file in the format's own runtime, on one CPU thread.

        Raises:
            ExportError: If the file holds weights alone.
        """

    def check(self, graph: AnswerGraph, path: Path) -> str:
        """Return what of the file differs from ``graph`` without asking it; empty: nothing."""
        return ""
