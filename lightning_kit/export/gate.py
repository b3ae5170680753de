"""The gate: every file against the module's own answers, from raw rows on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import Encoder, RawRows
from lightning_kit.export.asking import Answer
from lightning_kit.export.candidate_check import CandidateCheck
from lightning_kit.export.errors import ExportError
from lightning_kit.export.interval import Measure, intervals
from lightning_kit.export.latency import latencies_us
from lightning_kit.export.loss import MetricBound
from lightning_kit.export.not_finite import finite_rows, not_finite
from lightning_kit.export.reference import Reference
from lightning_kit.export.samples import ENOUGH, Samples
from lightning_kit.export.tolerance import TOLERANCES, Tolerance
from lightning_kit.export.verdict import FormatVerdict, Verdict

Arrays = Mapping[str, NDArray[Any]]


@final
@dataclass(frozen=True)
class Candidate:
    """A written file, as the gate asks it.

    Args:
        encode: Raw rows to the arrays that the graph takes, by what the manifest says.
        run: The arrays to the answers, by the file in its own runtime.
        bound: None: answers must be the module's own but for rounding. Else they may differ, as
            those of a quantized file do, while no metric loses more than this.
    """

    encode: Callable[[RawRows], Arrays]
    run: Callable[[Arrays], Mapping[str, NDArray[Any]]]
    bound: MetricBound | None = None

    def answer(self, rows: RawRows) -> Mapping[str, NDArray[Any]]:
        return self.run(self.encode(rows))


def gate(
    answer: Answer,
    candidates: Mapping[str, Candidate],
    samples: Samples,
    *,
    encoders: Sequence[Encoder] | None = None,
    tolerance: Tolerance = TOLERANCES["float32"],
    measure: Measure | None = None,
    eager: Callable[[Arrays], object] | None = None,
) -> Verdict:
    """Hold each of ``candidates`` against ``answer``.

    Each is asked for all samples in batches of 256, for 256 of them (or all) one by one, two by
    two and in another order, and for rows with extreme values. Outputs must have the names, the
    types and the shapes of the module's own; numbers must agree within ``tolerance``, NaN be where
    NaN is, and a class may differ only where its scores tie. Metrics may not differ. A file that
    disagrees on rows alone in which an array holds NaN or an infinity passes, and its verdict
    says that this input must be finite.

    Args:
        answer: The checkpoint's own way from raw rows to answers.
        candidates: The files by format.
        samples: Real rows, with targets where there is a metric.
        encoders: What the columns of the rows are, for extreme rows; None: rows are arrays.
        tolerance: What is rounding.
        measure: The task's metrics of answers and targets; needs a target in ``samples``.
        eager: The module itself on encoded inputs, to time.

    Raises:
        ExportError: If the module's own answers do not stand by themselves, or a candidate has a
            bound on a metric and there is none to measure.
    """
    if (measure is None or samples.target is None) and any(
        each.bound is not None for each in candidates.values()
    ):
        raise ExportError("quantize must have measure and a target in samples: its loss is bounded")
    reference = Reference.of(answer, samples, tolerance)
    verdict = Verdict(len(samples), len(reference.at), tolerance, remarks=reference.remarks())
    if len(samples) < ENOUGH:
        verdict.remarks.append(f"{len(samples)} samples are all there were; {ENOUGH} are better")
    measured = measure if samples.target is not None else None
    if measured is not None and samples.target is not None:
        values = measured(reference.full, samples.target)
        between = intervals(measured, reference.full, samples.target)
        for name, value in values.items():
            low, high = between.get(name, (float("nan"), float("nan")))
            verdict.metrics[name] = {"value": value, "low": low, "high": high}
    finite = _finite(samples, encoders)
    few = samples.take(finite[:64])
    check = CandidateCheck(answer, reference, samples, tolerance, encoders, measured)
    for name, candidate in candidates.items():
        verdict.formats[name] = _judged(candidate, check, finite)
        if verdict.formats[name].passed:
            inputs = candidate.encode(few.rows)
            verdict.formats[name].latency_us = latencies_us(candidate.run, inputs)
            if eager is not None and not verdict.eager_us:
                verdict.eager_us = latencies_us(eager, inputs)
    return verdict


def _finite(samples: Samples, encoders: Sequence[Encoder] | None) -> NDArray[np.int64]:
    """Return the numbers of the samples that are finite, or all where none is."""
    every = np.arange(len(samples))
    mask = finite_rows(samples.rows)
    return every[mask] if encoders is None and mask.any() else every


def _judged(
    candidate: Candidate, check: CandidateCheck, finite: NDArray[np.int64]
) -> FormatVerdict:
    """Ask for all samples, and where that fails, for the ``finite`` ones alone."""
    first = check.of(candidate.answer, candidate.bound)
    if first.passed or len(finite) == len(check.samples):
        return first
    fewer = check.samples.take(finite)
    alone = Reference.of(check.answer, fewer, check.tolerance)
    again = CandidateCheck(
        check.answer, alone, fewer, check.tolerance, check.encoders, check.measure
    )
    second = again.of(candidate.answer, candidate.bound)
    second.finite = sorted({*second.finite, *not_finite(check.samples.rows)})
    return second if second.passed else first
