"""A graph as a program of torch's operators, which ONNX and pt2 are written from."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from lightning_kit.export.evaluating import evaluating
from lightning_kit.export.formats.base import Dynamic
from lightning_kit.export.formats.blame import blamed
from lightning_kit.export.formats.partial_graph import without_partial_graph
from lightning_kit.export.formats.quiet import quiet
from lightning_kit.export.formats.unsupported import Unsupported
from lightning_kit.export.graph import AnswerGraph

BATCH = "batch"
Range = tuple[int, int | None]


def program_of(
    graph: AnswerGraph, example: Mapping[str, Tensor], dynamic: Dynamic
) -> ExportedProgram:
    """Return what ``graph`` does in evaluation mode; the graph is left as it was.

    A length that the model takes in a range only (a table of 64 positions) gets that range.

    Raises:
        Unsupported: If the model cannot be written as one program for all inputs; the reason names
            the line of code.
    """
    names = {name for dims in dynamic.values() for name in dims.values()}
    ranges: dict[str, Range] = dict.fromkeys(sorted(names), (1, None))
    try:
        return _program(graph, example, dynamic, ranges)
    except torch._dynamo.exc.UserError as error:
        found = _suggested(str(error), ranges)
        if found == ranges:
            raise Unsupported(_fixed(str(error))) from error
        try:
            return _program(graph, example, dynamic, found)
        except Exception as again:
            raise Unsupported(blamed(again)) from again
    except Exception as error:
        raise Unsupported(blamed(error)) from error


def _program(
    graph: AnswerGraph, example: Mapping[str, Tensor], dynamic: Dynamic, ranges: dict[str, Range]
) -> ExportedProgram:
    dims = {name: Dim(name, min=low, max=high) for name, (low, high) in ranges.items()}
    shapes = tuple(
        {place: dims[called] for place, called in dynamic.get(name, {}).items()}
        for name in graph.input_names
    )
    inputs = tuple(example[name] for name in graph.input_names)
    with evaluating(graph), quiet(), without_partial_graph():
        return torch.export.export(graph, inputs, dynamic_shapes={"inputs": shapes})


def _suggested(said: str, ranges: dict[str, Range]) -> dict[str, Range]:
    """Read from torch's message the ranges it would take; a batch must be of any size."""
    found = dict(ranges)
    for name, options in re.findall(r"^\s+(\w+) = Dim\('\w+', (.*)\)$", said, flags=re.M):
        limits: dict[str, Any] = {
            key: int(value) for key, value in re.findall(r"(min|max)=(\d+)", options)
        }
        if name in ranges and name != BATCH:
            found[name] = (limits.get("min", 1), limits.get("max"))
    return found


def _fixed(said: str) -> str:
    """Say which dimension cannot vary."""
    if match := re.search(r"marked (\w+) as dynamic but .* to be a constant \((\d+)\)", said):
        return (
            f"the code of the model fixes the {match[1]} at {match[2]}, and a file must take "
            f"any: use sizes of its input ({'x.shape[0]' if match[1] == BATCH else 'x.shape'})"
        )
    limits = re.findall(r"^\s+-\s+(.*)$", said, flags=re.M) or said.splitlines()[:1]
    return re.sub(r"L\['inputs'\]\[(\d+)\]", r"input \1", limits[0])
