"""The files of a folder before the gate, as the artefact will be read."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lightning_kit.artefact.encoding import encode_inputs
from lightning_kit.artefact.manifest import Manifest
from lightning_kit.export.arrays import as_tensors, device_of
from lightning_kit.export.chosen import ONNX
from lightning_kit.export.errors import ExportError
from lightning_kit.export.first_difference import differing_part, differing_value
from lightning_kit.export.formats import Format
from lightning_kit.export.gate import Candidate, gate
from lightning_kit.export.interval import Measure
from lightning_kit.export.loss import MetricBound
from lightning_kit.export.parts import Parts, encoded
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.export.samples import Samples, take
from lightning_kit.export.specs import BATCH
from lightning_kit.export.tolerance import Tolerance, tolerance_of
from lightning_kit.export.verdict import FormatVerdict, Verdict
from lightning_kit.export.written import Written

_logger = logging.getLogger(__name__)
# Rows to look for the cause of a disagreement with.
FEW = 32


def verdict_on(
    folder: Path,
    written: Written,
    parts: Parts,
    measure: Measure | None,
    max_loss: MetricBound | None,
) -> Verdict:
    """Return the gate's verdict on what lies in ``folder``, weights and manifest included.

    Args:
        folder: With its manifest.
        written: The formats in it.
        parts: What they were written from.
        measure: The task's metrics.
        max_loss: Of a quantized ONNX file.

    Raises:
        ExportError: If the model's own answers do not stand by themselves.
    """
    pipeline, graph = parts.pipeline, parts.graph
    # As the artefact will be read: what the file lost is lost here as well.
    manifest = Manifest.read(folder)
    bounds = {"onnx": max_loss or MetricBound()} if written.quantized else {}
    candidates = {
        name: _candidate(each, folder, manifest, bounds.get(name))
        for name, each in written.formats.items()
        if each.has_graph
    }

    def eager(inputs: Mapping[str, NDArray[Any]]) -> object:
        with torch.inference_mode():
            return graph(*as_tensors(inputs, device_of(graph)).values())

    tensors = [*graph.parameters(), *graph.buffers()]
    tolerance = tolerance_of(tensor.dtype for tensor in tensors)
    verdict = gate(
        pipeline.answers, candidates, parts.samples,
        encoders=pipeline.encoders, measure=measure, eager=eager,
        tolerance=tolerance,
    )  # fmt: skip
    for length, shorter in _shorter(parts).items():
        found = gate(pipeline.answers, candidates, shorter, tolerance=tolerance)
        for name, other in found.formats.items():
            known = verdict.formats[name]
            if other.reason and not known.reason:
                known.reason = f"with a shorter {length}: {other.reason}"
            known.finite = sorted({*known.finite, *other.finite})
            known.overflow = sorted({*known.overflow, *other.overflow})
    for name, each in written.formats.items():
        wrong = each.check(graph, folder / each.file_name)
        known = verdict.formats.setdefault(name, FormatVerdict())
        known.reason = known.reason or wrong
        if known.reason and each.has_graph:
            known.inside = _inside(each, folder, parts, tolerance)
    if wrong := _manifest_differs(manifest, pipeline):
        verdict.formats["manifest"] = FormatVerdict(reason=wrong)
    return verdict


def _shorter(parts: Parts) -> dict[str, Samples]:
    """Cut samples by one along each dimension that may be of any size, but the batch.

    All samples may be of one size, and a file that was written for that alone would pass.
    """
    samples = parts.samples
    lengths = {name for places in parts.dynamic.values() for name in places.values()} - {BATCH}
    few = take(samples.rows, samples.spread(FEW))
    result = {}
    for length in sorted(lengths if parts.pipeline.encoders is None else ()):
        rows = {name: np.asarray(column) for name, column in few.items()}
        for name, places in parts.dynamic.items():
            for place, called in places.items():
                if called == length and rows[name].shape[place] > 1:
                    rows[name] = np.delete(rows[name], -1, axis=place)
        result[length] = Samples(rows)
    return result


def _inside(each: Format, folder: Path, parts: Parts, tolerance: Tolerance) -> str:
    """Name where a file leaves the model's way; empty where that cannot be told."""
    samples, graph = parts.samples, parts.graph
    few = samples.take(samples.spread(FEW))
    try:
        inputs = few.inputs or encoded(few.rows, parts.pipeline.encoders)
        found = differing_part(graph, inputs, lambda: parts.pipeline.answers(few.rows), tolerance)
        if not found and each.name == ONNX:
            path = folder / each.file_name
            found = differing_value(graph, inputs, parts.dynamic, path, tolerance)
    # The refusal stands, whatever becomes of looking for its cause.
    except Exception as error:
        _logger.debug("looking for what differs in %s: %s", each.name, error)
        return ""
    return found


def _candidate(
    each: Format, folder: Path, manifest: Manifest, bound: MetricBound | None
) -> Candidate:
    run = each.open(folder / each.file_name)
    specs = {spec.name: spec for spec in manifest.outputs}

    def answer(inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        answers = run(inputs)
        for name, values in answers.items():
            if name in specs and str(values.dtype) != specs[name].dtype:
                raise ExportError(
                    f"output {name!r} must be of type {specs[name].dtype}, got {values.dtype}"
                )
        return answers

    return Candidate(
        lambda rows: encode_inputs(rows, manifest.encoders, manifest.inputs), answer, bound
    )


def _manifest_differs(manifest: Manifest, pipeline: Pipeline) -> str:
    if manifest.classes != pipeline.classes:
        return f"classes must be {pipeline.classes}, got {manifest.classes}"
    plain = json.loads(json.dumps(pipeline.encoders))
    if manifest.encoders != plain:
        return "encoders differ from those of the pipeline"
    return ""
