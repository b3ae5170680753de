"""The way from raw rows to answers that an export must reproduce."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, final

from numpy.typing import NDArray
from torch import Tensor, nn

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.artefact.encoding import apply_encoders
from lightning_kit.export.arrays import as_arrays, as_tensors, device_of
from lightning_kit.export.declared_encoders import declared_encoders
from lightning_kit.export.evaluating import evaluating
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.export.outputs import named_outputs

Answer = Callable[[RawRows], dict[str, NDArray[Any]]]


@final
@dataclass(frozen=True)
class Pipeline:
    """The parts of a model, from raw rows to answers.

    Args:
        network: The model.
        preprocess: What comes before it, as the datamodule applies it.
        postprocess: What turns its output into answers.
        encoders: From raw rows to the input, as plain values; None: rows are the inputs by name.
        classes: Names of the classes, by index.
        answer: The model's own way from raw rows to answers, which the gate holds every file
            against. None: the parts are called one after another, eagerly, in evaluation mode.
        remarks: What a reader of the manifest should know of it, a line each.
    """

    network: nn.Module
    preprocess: nn.Module | None = None
    postprocess: nn.Module | None = None
    encoders: list[dict[str, Any]] | None = None
    classes: list[str] | None = None
    answer: Answer | None = None
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, module: nn.Module, datamodule: Any = None) -> Self:
        """Read the parts off a module and the datamodule that fed it.

        A task has its network in ``model`` and its answers in ``postprocess``; any other module
        is the network as it stands. A datamodule may have ``preprocess``, ``encoders`` and
        ``classes``.
        """
        preprocess = getattr(datamodule, "preprocess", None)
        encoders = declared_encoders(datamodule)
        classes = getattr(datamodule, "classes", None)
        network, postprocess = getattr(module, "model", None), getattr(module, "postprocess", None)
        if not isinstance(network, nn.Module) or not isinstance(postprocess, nn.Module):
            return cls(module, preprocess, None, encoders, classes)
        # The module's own forward is the reference: it may do more than call `model`.
        whole = cls(module, preprocess, postprocess, encoders, classes)
        return cls(network, preprocess, postprocess, encoders, classes, whole.answers)

    def graph(self, example: Mapping[str, Tensor]) -> AnswerGraph:
        """Return preprocessing, network and postprocessing as one module.

        Raises:
            ExportError: If what it makes of ``example`` is no answer.
        """
        return AnswerGraph.of(self.preprocess, self.network, self.postprocess, example)

    def answers(self, rows: RawRows) -> dict[str, NDArray[Any]]:
        """Return the model's own answers to raw rows, by name, ``(N, ...)`` each."""
        if self.answer is not None:
            return self.answer(rows)
        inputs = rows if self.encoders is None else {"input": apply_encoders(rows, self.encoders)}
        graph = AnswerGraph(
            self.preprocess, self.network, self.postprocess, input_names=tuple(inputs)
        )
        with evaluating(graph):
            output = graph.output(*as_tensors(inputs, device_of(graph)).values())
            return as_arrays(named_outputs(output))
