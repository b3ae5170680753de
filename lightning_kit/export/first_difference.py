"""Where an exported file leaves the way of the model that was validated."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from lightning_kit.export.arrays import as_tensors, device_of
from lightning_kit.export.difference import differences
from lightning_kit.export.evaluating import evaluating
from lightning_kit.export.formats.base import Dynamic
from lightning_kit.export.formats.onnx_values import onnx_values
from lightning_kit.export.formats.program import program_of
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.export.part_outputs import part_outputs
from lightning_kit.export.tolerance import Tolerance

Arrays = Mapping[str, NDArray[Any]]


def differing_part(
    graph: AnswerGraph, inputs: Arrays, reference: Callable[[], object], tolerance: Tolerance
) -> str:
    """Name the first part of ``graph`` that gives something else than when the reference runs it.

    Args:
        graph: What was exported.
        inputs: What it takes, by name.
        reference: Answers the same rows in the model's own way, through the same modules.
        tolerance: What is rounding.

    Returns:
        ``network.1 (BatchNorm1d): row 1, element [3] must be ...``; empty where no part differs,
        or the reference runs other modules than the graph's.
    """
    expected = part_outputs(graph, reference)
    with evaluating(graph):
        tensors = as_tensors({name: inputs[name] for name in graph.input_names}, device_of(graph))
        found = part_outputs(graph, lambda: graph(*tensors.values()))
    return first_difference(expected, found, tolerance)


def differing_value(
    graph: AnswerGraph, inputs: Arrays, dynamic: Dynamic, path: Path, tolerance: Tolerance
) -> str:
    """Name the first value inside the ONNX file at ``path`` that is not what ``graph`` computes.

    Args:
        graph: What was exported.
        inputs: What it takes, by name, at least 2 rows.
        dynamic: As the file was written with.
        path: The file.
        tolerance: What is rounding.

    Returns:
        The operation of the graph and the difference; empty where none differs.
    """
    ordered = {name: inputs[name] for name in graph.input_names}
    program = program_of(graph, as_tensors(ordered, device_of(graph)), dynamic)
    return first_difference(*onnx_values(program, path, ordered), tolerance)


def first_difference(expected: Arrays, found: Arrays, tolerance: Tolerance) -> str:
    """Return the first name in ``found`` whose values differ from those in ``expected``, and how.

    >>> import numpy as np
    >>> from lightning_kit.export.tolerance import tolerance_of
    >>> one, two = np.ones((1, 2)), np.array([[1.0, 2.0]])
    >>> first_difference({"a": one, "b": one}, {"a": one, "b": two}, tolerance_of([]))
    'b: row 1, element [1] must be 1 within 0.00011, got 2'
    """
    for name, values in found.items():
        if name in expected and values.ndim:
            (difference, *_) = differences([{name: expected[name]}], {name: values}, tolerance)
            if not difference.passed:
                return f"{name}: {difference.reason}"
    return ""
