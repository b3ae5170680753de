"""One file against the module's own answers, in every way that it may be asked."""

from collections.abc import Callable, Iterator, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import Encoder
from lightning_kit.export.asking import Answer, Answers, ask
from lightning_kit.export.difference import differences
from lightning_kit.export.extreme_check import check_extremes
from lightning_kit.export.extremes import extremes
from lightning_kit.export.interval import Measure
from lightning_kit.export.loss import MetricBound, losses
from lightning_kit.export.reference import FULL, Reference
from lightning_kit.export.samples import Samples
from lightning_kit.export.tolerance import Tolerance
from lightning_kit.export.top_answer import top_answers
from lightning_kit.export.verdict import FormatVerdict

Rows = NDArray[np.int64]

# Answers that agree have metrics that agree; a score that ties no more moves a ranking a little.
METRICS_OF_THE_SAME_ANSWERS = MetricBound(absolute=1e-3, relative=1e-3)


@final
class CandidateCheck:
    """Ask a file as a server would be asked, and stop at the first thing that is wrong.

    Args:
        answer: The module's own way from raw rows to answers.
        reference: What it answered to ``samples``.
        samples: Real rows.
        tolerance: What is rounding.
        encoders: Of the columns of the rows; None: the rows are arrays.
        measure: The task's metrics; None: there are none.
    """

    def __init__(
        self,
        answer: Answer,
        reference: Reference,
        samples: Samples,
        tolerance: Tolerance,
        encoders: Sequence[Encoder] | None,
        measure: Measure | None,
    ) -> None:
        self.answer, self.reference, self.samples = answer, reference, samples
        self.tolerance, self.encoders, self.measure = tolerance, encoders, measure

    def of(self, candidate: Answer, bound: MetricBound | None) -> FormatVerdict:
        """Return the verdict on ``candidate``; with a bound, its numbers may differ."""
        verdict = FormatVerdict()
        for how, at, ask_it in self._ways(candidate):
            try:
                found = ask_it()
            # A runtime raises what it likes.
            except Exception as error:
                verdict.reason = f"{how}: {_line(error)}"
                return verdict
            wrong = self._compare(verdict, how, at, found, lossy=bound is not None)
            wrong = wrong or self._measure(verdict, at, found, bound)
            if wrong:
                verdict.reason = f"{how}: {wrong}"
                return verdict
        rows = extremes(self.samples.rows, self.encoders)
        found_out = check_extremes(
            self.answer,
            candidate,
            self.samples,
            rows,
            self.tolerance,
            lossy=bound is not None,
            cells=self.encoders is not None,
        )
        verdict.reason, verdict.extremes = found_out.reason, vars(found_out)
        verdict.finite, verdict.overflow = found_out.finite, found_out.overflow
        for name in found_out.overflow:
            # Else such rows are refused by whoever answers them.
            if not np.isfinite(self.reference.full[name]).all():
                verdict.reason = f"output {name!r} is not finite where the model's own is"
        return verdict

    def _ways(self, candidate: Answer) -> Iterator[tuple[str, Rows, Callable[[], Answers]]]:
        rows, every, at = self.samples.rows, np.arange(len(self.samples)), self.reference.at
        yield f"batch {min(FULL, len(every))}", every, lambda: ask(candidate, rows, every, FULL)
        yield "batch 1", at, lambda: ask(candidate, rows, at, 1)
        # Of a single sample, two.
        two = np.resize(at, max(2, len(at)))
        yield "batch 2", at, lambda: _at(np.arange(len(at)), ask(candidate, rows, two, 2))
        order = np.random.default_rng(0).permutation(len(at))
        back = np.argsort(order)
        yield "in another order", at, lambda: _at(back, ask(candidate, rows, at[order], FULL))
        # What a graph remembers of earlier calls shows in a later one.
        yield "asked again", every, lambda: ask(candidate, rows, every, FULL)

    def _compare(
        self, verdict: FormatVerdict, how: str, at: Rows, found: Answers, *, lossy: bool
    ) -> str:
        expected = self._expected(at)
        wrong = ""
        for each in differences(expected, found, self.tolerance, at):
            verdict.batches[how] = max(verdict.batches.get(how, 0.0), each.share)
            known = verdict.outputs.get(each.output)
            if known is None or each.share > known.share:
                verdict.outputs[each.output] = each
            if each.reason and (each.malformed or not lossy or np.isinf(each.largest)):
                wrong = wrong or f"output {each.output!r}, {each.reason}"
        if not wrong:
            for top in top_answers(expected[0]):
                same = float((expected[0][top.output] == found[top.output]).mean())
                verdict.agreement[top.output] = min(verdict.agreement.get(top.output, 1.0), same)
        return wrong

    def _measure(
        self, verdict: FormatVerdict, at: Rows, found: Answers, bound: MetricBound | None
    ) -> str:
        if self.measure is None or self.samples.target is None:
            return ""
        module, target = self._expected(at)[0], self.samples.target[at]
        limits = bound or METRICS_OF_THE_SAME_ANSWERS
        table, wrong = losses(self.measure(module, target), self.measure(found, target), limits)
        for name, each in table.items():
            if name not in verdict.metrics or each["loss"] > verdict.metrics[name]["loss"]:
                verdict.metrics[name] = each
        # A tie that went the other way moves a metric by a sample or a class, which is no loss.
        flipped = bound is None and any(share < 1 for share in verdict.agreement.values())
        return "" if flipped else wrong

    def _expected(self, at: Rows) -> list[Answers]:
        reference = self.reference
        return reference.spans() if at is reference.at else [reference.full]


def _at(rows: Rows, answers: Answers) -> Answers:
    return {name: values[rows] for name, values in answers.items()}


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
