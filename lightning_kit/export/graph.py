"""From encoded input to answers: preprocessing, network and postprocessing as one module."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Self, final

from torch import Tensor, nn

from lightning_kit.export.errors import ExportError
from lightning_kit.export.evaluating import evaluating
from lightning_kit.export.outputs import check_rows, named_outputs

TENSOR_INPUT = "input"


@final
class AnswerGraph(nn.Module):
    """What is exported.

    Called, it reads::

        output = postprocess(network(preprocess(inputs)))    # each where there is one
        return its tensors by name

    The first part gets a lone tensor called ``input`` as it is. Otherwise it gets the inputs as
    keyword arguments where it has parameters of these names, else as one dict.

    Args:
        preprocess: Takes the inputs as they leave the encoders.
        network: Takes what ``preprocess`` returns, else the inputs.
        postprocess: Turns the network's output into a dict of tensors.
        input_names: Of the tensors that :meth:`forward` takes, in that order.
        output_names: Of the answers, in the order of the graph's outputs; empty: as they come.
    """

    def __init__(
        self,
        preprocess: nn.Module | None,
        network: nn.Module,
        postprocess: nn.Module | None = None,
        *,
        input_names: Sequence[str] = (TENSOR_INPUT,),
        output_names: Sequence[str] = (),
    ) -> None:
        super().__init__()
        if not input_names or len(set(input_names)) < len(input_names):
            raise ExportError(f"input_names must be different names, got {list(input_names)}")
        if both := set(input_names) & set(output_names):
            raise ExportError(
                f"an input and an answer must not share a name, got {min(both)!r}: rename one"
            )
        self.input_names = tuple(input_names)
        self.output_names = tuple(output_names)
        self.preprocess = preprocess
        self.network = network
        self.postprocess = postprocess
        self._by_keyword = _has_parameters(preprocess or network, self.input_names)

    @classmethod
    def of(
        cls,
        preprocess: nn.Module | None,
        network: nn.Module,
        postprocess: nn.Module | None,
        example: Mapping[str, Tensor],
    ) -> Self:
        """Build the graph for inputs like ``example``, and name its answers by running it once.

        Raises:
            ExportError: If what it returns is no tensor, or has not a row for each input.
        """
        graph = cls(preprocess, network, postprocess, input_names=tuple(example))
        with evaluating(graph):
            outputs = graph(*example.values())
        check_rows(outputs, len(next(iter(example.values()))))
        return cls(
            preprocess, network, postprocess,
            input_names=tuple(example), output_names=tuple(outputs),
        )  # fmt: skip

    def forward(self, *inputs: Tensor) -> dict[str, Tensor]:
        outputs = named_outputs(self.output(*inputs))
        names = self.output_names or tuple(outputs)
        return {name: outputs[name] for name in names}

    def output(self, *inputs: Tensor) -> Any:
        """Return what the last part returns, as it returns it."""
        named = dict(zip(self.input_names, inputs, strict=True))
        first, *others = (
            part for part in (self.preprocess, self.network, self.postprocess) if part is not None
        )
        if self.input_names == (TENSOR_INPUT,):
            output = first(inputs[0])
        else:
            output = first(**named) if self._by_keyword else first(named)
        for part in others:
            output = part(output)
        return output


def _has_parameters(module: nn.Module, names: Sequence[str]) -> bool:
    try:
        inspect.signature(module.forward).bind(**dict.fromkeys(names))
    except TypeError:
        return False
    return True
