"""What goes into a graph and what comes out, in words that a manifest takes."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from lightning_kit.artefact.tensor_spec import TensorSpec
from lightning_kit.export.evaluating import evaluating
from lightning_kit.export.formats.base import Dynamic
from lightning_kit.export.graph import AnswerGraph

BATCH = "batch"


def input_specs(example: Mapping[str, Tensor], dynamic: Dynamic) -> tuple[TensorSpec, ...]:
    """Describe each input; dimensions in ``dynamic`` have their names for a size."""
    return tuple(
        TensorSpec(
            name, _dtype(tensor),
            tuple(dynamic.get(name, {}).get(at, size) for at, size in enumerate(tensor.shape)),
        )
        for name, tensor in example.items()
    )  # fmt: skip


def output_specs(
    graph: AnswerGraph, example: Mapping[str, Tensor], dynamic: Dynamic
) -> tuple[TensorSpec, ...]:
    """Describe each answer; a size that changes with a dynamic one is called as that is."""
    whole = _shapes(graph, example)
    names: dict[tuple[str, int], str] = {}
    lengths = {name for places in dynamic.values() for name in places.values()} - {BATCH}
    for length in sorted(lengths):
        shorter = _shapes(graph, shortened(example, dynamic, length))
        for name, (_, shape) in whole.items():
            pairs = zip(shape, shorter[name][1], strict=True)
            changed = [at for at, (long, short) in enumerate(pairs) if long != short]
            names |= {(name, at): length for at in changed}
    return tuple(
        TensorSpec(
            name, dtype,
            (BATCH, *(names.get((name, at), size) for at, size in enumerate(shape) if at)),
        )
        for name, (dtype, shape) in whole.items()
    )  # fmt: skip


def shortened(example: Mapping[str, Tensor], dynamic: Dynamic, length: str) -> dict[str, Tensor]:
    """Return ``example`` with one element less along every dimension called ``length``."""
    result = dict(example)
    for name, places in dynamic.items():
        for place, called in places.items():
            if called == length:
                tensor = result[name]
                result[name] = tensor.narrow(place, 0, max(1, tensor.shape[place] - 1))
    return result


def _shapes(
    graph: AnswerGraph, example: Mapping[str, Tensor]
) -> dict[str, tuple[str, Sequence[int]]]:
    with evaluating(graph):
        outputs = graph(*example.values())
    return {name: (_dtype(value), tuple(value.shape)) for name, value in outputs.items()}


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
