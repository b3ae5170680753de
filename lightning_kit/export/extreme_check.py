"""A file's answers to extreme rows against the module's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.export.asking import Answer, Answers, ask
from lightning_kit.export.difference import differences
from lightning_kit.export.extremes import Extreme
from lightning_kit.export.not_finite import not_finite
from lightning_kit.export.samples import Samples, take
from lightning_kit.export.tolerance import Tolerance
from lightning_kit.export.top_answer import top_answers


@final
@dataclass
class ExtremeVerdict:
    """What extreme rows showed.

    Args:
        tried: How many there were.
        refused: Those that the module refused, or had no number for.
        finite: Inputs whose values must be finite, as the file answers others otherwise.
        overflow: Outputs that a lossy file cannot give where the module can.
        reason: Empty, or what is wrong.
    """

    tried: int
    refused: list[str] = field(default_factory=list)
    finite: list[str] = field(default_factory=list)
    overflow: list[str] = field(default_factory=list)
    reason: str = ""


def check_extremes(
    answer: Answer,
    candidate: Answer,
    samples: Samples,
    rows: Sequence[Extreme],
    tolerance: Tolerance,
    *,
    lossy: bool = False,
    cells: bool = False,
) -> ExtremeVerdict:
    """Ask both for each extreme row, which lies between two of the samples.

    A row that the module refuses may be refused or answered by the file. A whole number that no
    score explains is compared only where no input is NaN or infinite: there is no right one.
    Where a file disagrees on a row that is not finite, that input must be finite.

    Args:
        answer: The module's own way from raw rows to answers.
        candidate: The file's.
        samples: Real rows.
        rows: Extreme ones.
        tolerance: What is rounding.
        lossy: Whether numbers may differ. What the module has no number for must have none in the
            file either; where the file alone has none, its output overflows.
        cells: Whether rows are raw cells, which encoders make finite.
    """
    verdict = ExtremeVerdict(len(rows))
    ends = take(samples.rows, np.array([0, len(samples) - 1]))
    for extreme in rows:
        batch, at = _between(ends, extreme.rows), np.arange(3)
        try:
            expected = [ask(answer, batch, at, 3)]
            expected += [ask(answer, _between(ends, each), at, 3) for each in extreme.nudged]
        # The module may raise what it likes.
        except Exception:
            verdict.refused.append(extreme.name)
            continue
        bad = [] if cells else not_finite(batch)
        if why := _no_number(extreme, expected[0], bad):
            verdict.refused.append(f"{extreme.name}: {why}")
            continue
        try:
            found = ask(candidate, batch, at, 3)
            compare = _shapes if lossy else _compared
            reason = compare(expected, found, tolerance, finite=not bad)
            unlike = _unlike(expected[0], found) if lossy else []
        except Exception as error:
            line = " ".join(str(error).split())[:300]
            reason = f"the module answers, the file raises {type(error).__name__}: {line}"
            unlike = []
        if reason and not bad:
            verdict.reason = f"{extreme.name}: {reason}"
            return verdict
        if reason or unlike:
            known = verdict.finite if bad else verdict.overflow
            known += [name for name in bad or unlike if name not in known]
    return verdict


def _no_number(extreme: Extreme, expected: Answers, bad: list[str]) -> str:
    if extreme.nudged and not _finite(expected):
        # Where a sum overflows depends on its order, and on what a runtime adds it up in.
        return "too large"
    # Such as attention in which all keys are masked.
    if not bad and not _finite(_row(expected, 1)) and _finite(_row(expected, 0)):
        return "not finite"
    return ""


def _compared(
    expected: list[Answers], found: Answers, tolerance: Tolerance, *, finite: bool
) -> str:
    explained = {top.output for top in top_answers(expected[0])}
    for row, place in enumerate(("the row before it, ", "", "the row after it, ")):
        # Row by row: a far value must not set the scale of the others.
        one, other = [_row(each, row) for each in expected], _row(found, row)
        ordered = finite and _finite(one[0])
        for each in differences(one, other, tolerance):
            whole = each.output in one[0] and one[0][each.output].dtype.kind in "iub"
            if whole and not ordered and not each.malformed and each.output not in explained:
                continue
            if each.reason:
                return f"{place}output {each.output!r}, {each.reason}"
    return ""


def _shapes(expected: list[Answers], found: Answers, tolerance: Tolerance, *, finite: bool) -> str:
    del finite
    every = differences(expected[:1], found, tolerance)
    return next((f"output {e.output!r}, {e.reason}" for e in every if e.malformed), "")


def _unlike(expected: Answers, found: Answers) -> list[str]:
    """Return the outputs that have a number on one side alone."""
    return [
        name
        for name, values in expected.items()
        if values.dtype.kind == "f"
        and not np.array_equal(np.isfinite(values), np.isfinite(found.get(name, np.inf)))
    ]


def _row(answers: Answers, row: int) -> Answers:
    return {name: values[row : row + 1] for name, values in answers.items()}


def _finite(answers: Answers) -> bool:
    floats = [values for values in answers.values() if values.dtype.kind == "f"]
    return all(bool(np.isfinite(values).all()) for values in floats)


def _between(ends: RawRows, middle: RawRows) -> RawRows:
    joined: dict[str, Any] = {}
    for name, column in ends.items():
        inner = middle[name]
        if isinstance(column, np.ndarray) and isinstance(inner, np.ndarray):
            joined[name] = np.concatenate([column[:1], inner, column[1:]])
        else:
            joined[name] = [column[0], *inner, column[1]]
    return joined
