"""From a trained module to an artefact that is known to give its answers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from torch import nn

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.artefact.folder import Artefact
from lightning_kit.artefact.hashes import sha256_of
from lightning_kit.artefact.manifest import Manifest
from lightning_kit.export.checked import verdict_on
from lightning_kit.export.chosen import chosen
from lightning_kit.export.errors import ExportError, GateRefused
from lightning_kit.export.evaluating import evaluating
from lightning_kit.export.finish import finish
from lightning_kit.export.finite import with_finite
from lightning_kit.export.interval import Measure
from lightning_kit.export.loss import MetricBound
from lightning_kit.export.parts import Parts
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.export.random_rows import EXAMPLE, rows_like_example
from lightning_kit.export.report import report_path, write_report
from lightning_kit.export.samples import Samples
from lightning_kit.export.specs import input_specs, output_specs
from lightning_kit.export.staging import refuse_existing, staged
from lightning_kit.export.verdict import Verdict
from lightning_kit.export.versions import versions
from lightning_kit.export.written import write_formats

DEFAULT_FORMATS = ("onnx", "safetensors")


def export(
    module: nn.Module | Pipeline,
    out: str | Path,
    *,
    samples: Any = None,
    formats: Sequence[str] = DEFAULT_FORMATS,
    opset: int | None = None,
    quantize: str | None = None,
    max_loss: MetricBound | None = None,
    lineage: Mapping[str, Any] | None = None,
    measure: Measure | None = None,
    name: str | None = None,
    training: RawRows | None = None,
    lengths: Mapping[str, int] | None = None,
) -> Artefact:
    """Write ``module`` to the folder ``out``, and prove that what was written gives its answers.

    Everything is written into a hidden folder beside ``out``, goes through the gate from there,
    and becomes ``out`` by one rename. Where the gate says no, ``<out>-refused.json`` is all that
    is left; after any other error, nothing.

    Args:
        module: Any module, or the parts of one. It is used in evaluation mode, and left as found.
        out: A folder that does not exist.
        samples: Real rows, at least 256 if there are: :class:`.Samples`, a tensor, or a dict of
            tensors. None: 256 random ones like ``module.example_input_array``.
        formats: ``onnx``, ``safetensors``, ``pt2``, ``torchscript``.
        opset: Of ONNX.
        quantize: ``int8``, ``int8-dynamic`` or ``fp16``: of the ONNX file, calibrated on samples.
        max_loss: How much worse than the module's own the metrics of a quantized file may be.
        lineage: Where the weights come from, plain values.
        measure: ``(answers, target) -> {metric: value}``.
        name: What the artefact is called; None: as the class of the module.
        training: Raw rows that the model was trained on, for the statistics of its inputs; None:
            those of the samples are given, and said to be.
        lengths: Input -> a dimension that may be of any size though samples do not differ in it.

    Raises:
        GateRefused: If a file does not give the module's own answers.
        ExportError: If the module cannot be exported, or an argument is wrong.

    Example:
        >>> import tempfile, torch
        >>> x = torch.randn(300, 4)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     artefact = export(torch.nn.Linear(4, 2), f"{folder}/artefact", samples=x)
        ...     artefact.answer({"input": x.numpy()})["output"].shape
        (300, 2)
    """
    out = Path(out).absolute()
    refuse_existing(out)
    wanted = chosen(formats, opset=opset, quantize=quantize)
    if max_loss is not None and quantize is None:
        raise ExportError("max_loss must be left out where nothing is quantized")
    pipeline = module if isinstance(module, Pipeline) else Pipeline.of(module)
    remarks = [*pipeline.remarks]
    if samples is None:
        samples = rows_like_example(pipeline.network if isinstance(module, Pipeline) else module)
        remarks.append(f"no samples were given: {len(samples)} random rows like {EXAMPLE}")
    found = Samples.of(samples)
    if quantize is not None and (measure is None or found.target is None):
        raise ExportError("quantize must have measure and a target in samples: its loss is bounded")
    parts = Parts.of(pipeline, found, lengths)
    with staged(out) as folder, evaluating(parts.graph):
        written = write_formats(
            folder, wanted, parts.graph, parts.example, parts.dynamic,
            quantized=quantize, inputs=parts.calibration(),
        )  # fmt: skip
        entries = written.entries(folder)
        manifest = Manifest(
            name=name or type(pipeline.network).__name__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            inputs=input_specs(parts.example, parts.dynamic),
            outputs=output_specs(parts.graph, parts.example, parts.dynamic),
            classes=pipeline.classes,
            encoders=pipeline.encoders,
            statistics=parts.statistics(training),
            formats=entries,
            left_out=written.left_out,
            lineage=dict(lineage or {}),
            versions=versions(),
            verification={},
            files={each["file"]: sha256_of(folder / each["file"]) for each in entries.values()},
        )
        manifest.write(folder)
        verdict = verdict_on(folder, written, parts, measure, max_loss)
        verdict.remarks += remarks
        if verdict.passed:
            manifest = with_finite(folder, manifest, verdict, parts.samples)
        if not verdict.passed:
            raise GateRefused(verdict.reason, _report(out, manifest, verdict))
        finish(folder, manifest, verdict, parts)
    report_path(out).unlink(missing_ok=True)
    return Artefact.open(out)


def _report(out: Path, manifest: Manifest, verdict: Verdict) -> Path:
    about = {"name": manifest.name, "created": manifest.created, "lineage": manifest.lineage}
    return write_report(out, {**about, **verdict.as_json(), "versions": manifest.versions})
