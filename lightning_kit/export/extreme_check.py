"""A file's answers to extreme rows against the module's own."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.export.asking import Answer, Answers, ask
from lightning_kit.export.difference import differences
from lightning_kit.export.extremes import Extreme
from lightning_kit.export.samples import Samples, take
from lightning_kit.export.tolerance import Tolerance
from lightning_kit.export.top_answer import top_answers


def check_extremes(
    answer: Answer,
    candidate: Answer,
    samples: Samples,
    rows: Sequence[Extreme],
    tolerance: Tolerance,
) -> tuple[str, dict[str, Any]]:
    """Ask both for each extreme row, which lies between two of the samples.

    A row that the module refuses may be refused or answered by the file. A whole number that no
    score explains is compared only where no input is NaN or infinite: there is no right one.

    Returns:
        What is wrong, empty if nothing, and a table: how many rows were tried, and which the
        module refused, or could not answer as they were too large for its sums.
    """
    refused = []
    ends = take(samples.rows, np.array([0, len(samples) - 1]))
    for extreme in rows:
        batch, at = _between(ends, extreme.rows), np.arange(3)
        try:
            expected = [ask(answer, batch, at, 3)]
            expected += [ask(answer, _between(ends, each), at, 3) for each in extreme.nudged]
        # The module may raise what it likes.
        except Exception:
            refused.append(extreme.name)
            continue
        if extreme.nudged and not _finite(expected[0]):
            # Where a sum overflows depends on its order, and on what a runtime adds it up in.
            refused.append(f"{extreme.name}: too large")
            continue
        try:
            found = ask(candidate, batch, at, 3)
        except Exception as error:
            line = " ".join(str(error).split())[:300]
            reason = f"{extreme.name}: the module answers, the file raises {type(error).__name__}"
            return f"{reason}: {line}", {"tried": len(rows), "refused": refused}
        reason = _compared(expected, found, tolerance, finite=extreme.finite)
        if reason:
            return f"{extreme.name}: {reason}", {"tried": len(rows), "refused": refused}
    return "", {"tried": len(rows), "refused": refused}


def _compared(
    expected: list[Answers], found: Answers, tolerance: Tolerance, *, finite: bool
) -> str:
    explained = {top.output for top in top_answers(expected[0])}
    for row, place in enumerate(("the row before it, ", "", "the row after it, ")):
        # Row by row: a far value must not set the scale of the others.
        one = [{name: values[row : row + 1] for name, values in each.items()} for each in expected]
        other = {name: values[row : row + 1] for name, values in found.items()}
        ordered = finite and _finite(one[0])
        for each in differences(one, other, tolerance):
            whole = each.output in one[0] and one[0][each.output].dtype.kind in "iub"
            if whole and not ordered and not each.malformed and each.output not in explained:
                continue
            if each.reason:
                return f"{place}output {each.output!r}, {each.reason}"
    return ""


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
