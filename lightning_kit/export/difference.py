"""How far the answers of a file lie from the module's own, output by output."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.export.tolerance import Tolerance
from lightning_kit.export.top_answer import Answers, top_answers


@final
@dataclass(frozen=True)
class Difference:
    """What one output of a file differs by.

    Args:
        output: Its name.
        largest: Largest difference, in the output's own unit; infinite where one side is NaN or
            infinite and the other is not.
        p99: 99th percentile of the differences, likewise.
        share: Largest difference in units of what is allowed there: above 1 the file disagrees.
        flips: Whole numbers that differ and may, because their scores tie.
        reason: Empty, or what is wrong: the place, what was expected, what was found.
        malformed: Whether the output has no numbers to compare: it is missing, or of another shape.
    """

    output: str
    largest: float = 0.0
    p99: float = 0.0
    share: float = 0.0
    flips: int = 0
    reason: str = ""
    malformed: bool = False

    @property
    def passed(self) -> bool:
        return not self.reason

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "output"}


def differences(
    expected: Sequence[Answers],
    found: Answers,
    tolerance: Tolerance,
    numbers: NDArray[np.int64] | None = None,
) -> list[Difference]:
    """Compare ``found`` with what the module answers to the same rows.

    Args:
        expected: The module's answers, once for each way it was asked (rows alone, rows together):
            rounding differs between them, and whatever lies between them is right as well.
        found: The file's answers.
        tolerance: What is rounding.
        numbers: The number of each row, from 0, as a reason should call it; None: as they come.

    Returns:
        One difference for each expected output in order, then one for each that nobody expects.
    """
    first = expected[0]
    at = np.arange(len(next(iter(first.values())))) if numbers is None else numbers
    tops = {top.output: top for top in top_answers(first)}
    result = []
    for name, values in first.items():
        wrong = _malformed(name, values, found)
        if wrong:
            result.append(_no_output(name, wrong))
        elif values.dtype.kind == "f":
            mine = [answers[name] for answers in expected]
            result.append(_floating(name, mine, found, tolerance, at))
        else:
            same = [answers[name] == found[name] for answers in expected]
            differs = ~np.logical_or.reduce(same)
            flips = np.zeros_like(differs)
            if name in tops and differs.any():
                may = [tops[name].may_flip(each, found[name], tolerance) for each in expected]
                flips = differs & np.logical_or.reduce(may)
            result.append(_whole(name, values, found[name], differs, flips, at))
    extra = [name for name in found if name not in first]
    reason = "is an output that the module does not have"
    return result + [_no_output(name, reason) for name in extra]


def _no_output(name: str, reason: str) -> Difference:
    return Difference(name, np.inf, np.inf, np.inf, reason=reason, malformed=True)


def _malformed(name: str, values: NDArray[Any], found: Answers) -> str:
    if name not in found:
        return f"is missing; there are {', '.join(found) or 'no outputs'}"
    if found[name].shape != values.shape:
        return f"must be of shape {values.shape}, got {found[name].shape}"
    of_floats = values.dtype.kind == found[name].dtype.kind == "f"
    if not of_floats and found[name].dtype != values.dtype:
        return f"must be of type {values.dtype}, got {found[name].dtype}"
    return ""


def _floating(
    name: str,
    expected: Sequence[NDArray[Any]],
    found: Answers,
    tolerance: Tolerance,
    at: NDArray[np.int64],
) -> Difference:
    values = found[name].astype(np.float64)
    wide = [each.astype(np.float64) for each in expected]
    low, high = np.fmin.reduce(wide), np.fmax.reduce(wide)
    farther = np.asarray(np.where(np.abs(high) > np.abs(low), high, low))
    bound = tolerance.allowed(name, farther)
    alike = np.logical_or.reduce([(values == each) | _both_nan(values, each) for each in wide])
    with np.errstate(invalid="ignore"):
        gap = np.maximum(np.maximum(low - values, values - high), 0)
    # An infinity or a NaN on one side alone is no distance.
    comparable = np.isfinite(values) & np.logical_and.reduce([np.isfinite(each) for each in wide])
    gap = np.where(alike, 0.0, np.where(comparable, gap, np.inf))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(gap > 0, gap / bound, 0.0)
    if not gap.size:
        return Difference(name)
    worst = np.unravel_index(np.argmax(shares), shares.shape)
    share = float(shares[worst])
    reason = "" if share <= 1 else _said(at, worst, wide[0][worst], values[worst], bound[worst])
    p99 = float(np.quantile(gap, 0.99, method="higher"))
    return Difference(name, float(gap.max()), p99, share, reason=reason)


def _whole(
    name: str,
    expected: NDArray[Any],
    found: NDArray[Any],
    differs: NDArray[np.bool_],
    flips: NDArray[np.bool_],
    at: NDArray[np.int64],
) -> Difference:
    wrong = differs & ~flips
    if not wrong.any():
        return Difference(name, flips=int(flips.sum()))
    gap = np.where(wrong, np.abs(found.astype(np.float64) - expected.astype(np.float64)), 0)
    first = np.unravel_index(np.argmax(wrong), wrong.shape)
    reason = _said(at, first, expected[first], found[first], 0)
    reason += f", and {int(wrong.sum())} of {wrong.size} differ"
    p99 = float(np.quantile(gap, 0.99, method="higher"))
    return Difference(name, float(gap.max()), p99, np.inf, int(flips.sum()), reason)


def _said(
    at: NDArray[np.int64], index: Sequence[Any], expected: Any, found: Any, bound: Any
) -> str:
    row, place = int(at[index[0]]) + 1, [int(each) for each in index[1:]]
    where = f"row {row}{f', element {place}' if place else ''}"
    allowed = f" within {float(bound):.2g}" if bound else ""
    return f"{where} must be {expected.item():.7g}{allowed}, got {found.item():.7g}"


def _both_nan(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.isnan(left) & np.isnan(right)
