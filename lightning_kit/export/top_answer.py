"""Which class a model names, judged by the scores it was named by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.export.tolerance import Tolerance

Answers = Mapping[str, NDArray[Any]]
Rule = Literal["largest", "above 0.5", "above 0"]
THRESHOLDS: dict[Rule, float] = {"above 0.5": 0.5, "above 0": 0.0}


@final
@dataclass(frozen=True)
class TopAnswer:
    """A whole-number output that another output explains.

    Args:
        output: The whole numbers, such as ``prediction``.
        scores: The floating output they were read from, such as ``probabilities``.
        rule: ``largest``: the place of the largest score. Else 1 where the score is above.
        axis: Of the classes in the scores, for ``largest``.
    """

    output: str
    scores: str
    rule: Rule
    axis: int = 1

    def may_flip(
        self, expected: Answers, found: NDArray[Any], tolerance: Tolerance
    ) -> NDArray[np.bool_]:
        """Say, element by element, whether ``found`` may differ from ``expected``.

        It may where the expected scores of both answers lie closer than the tolerance of the two,
        or have no order, being NaN.
        """
        scores = expected[self.scores]
        bound = tolerance.allowed(self.scores, scores)
        answer = expected[self.output]
        with np.errstate(invalid="ignore"):
            if self.rule != "largest":
                gap = np.abs(scores - THRESHOLDS[self.rule])
                near = (gap <= bound) | np.isnan(scores)
                return near.reshape(answer.shape) & np.isin(found, (0, 1))
            classes = scores.shape[self.axis]
            inside = (found >= 0) & (found < classes)
            named = np.where(inside, found, 0)
            gap = _at(scores, answer, self.axis) - _at(scores, named, self.axis)
            near = np.abs(gap) <= _at(bound, answer, self.axis) + _at(bound, named, self.axis)
        # Infinite scores that are equal tie; their difference is NaN.
        ties = _at(scores, answer, self.axis) == _at(scores, named, self.axis)
        unordered = np.isnan(scores).any(axis=self.axis)
        flips: NDArray[np.bool_] = inside & (near | ties | unordered)
        return flips


def top_answers(answers: Answers) -> list[TopAnswer]:
    """Return every whole-number output of ``answers`` that a floating output explains in all rows.

    >>> scores = np.array([[0.1, 0.9], [0.8, 0.2]])
    >>> top_answers({"scores": scores, "answer": np.array([1, 0])})
    [TopAnswer(output='answer', scores='scores', rule='largest', axis=1)]
    """
    whole = [name for name, values in answers.items() if values.dtype.kind in "iub"]
    floating = [name for name, values in answers.items() if values.dtype.kind == "f"]
    found = ((output, scores) for output in whole for scores in floating)
    explained: dict[str, TopAnswer] = {}
    for output, scores in found:
        top = _explain(output, scores, answers)
        if top is not None and output not in explained:
            explained[output] = top
    return list(explained.values())


def _explain(output: str, name: str, answers: Answers) -> TopAnswer | None:
    answer, scores = answers[output], answers[name]
    for axis in (1, scores.ndim - 1):
        if scores.ndim < 2 or np.delete(scores.shape, axis).tolist() != list(answer.shape):
            continue
        if scores.shape[axis] > 1 and _names_the_largest(answer, scores, axis):
            return TopAnswer(output, name, "largest", axis)
    if _squeezed(scores) == _squeezed(answer):
        for rule, threshold in THRESHOLDS.items():
            if _is_above(scores, threshold, answer):
                return TopAnswer(output, name, rule)
    return None


def _names_the_largest(answer: NDArray[Any], scores: NDArray[Any], axis: int) -> bool:
    if answer.dtype.kind == "b" or ((answer < 0) | (answer >= scores.shape[axis])).any():
        return False
    known = ~np.isnan(scores).any(axis=axis)
    return bool((_at(scores, answer, axis) == scores.max(axis=axis))[known].all())


def _is_above(scores: NDArray[Any], threshold: float, answer: NDArray[Any]) -> bool:
    scores = scores.reshape(answer.shape)
    known = ~np.isnan(scores)
    return bool(((scores > threshold) == answer)[known].all())


def _squeezed(values: NDArray[Any]) -> tuple[int, ...]:
    return (len(values), *(size for size in values.shape[1:] if size != 1))


def _at(scores: NDArray[Any], answer: NDArray[Any], axis: int) -> NDArray[Any]:
    places = np.expand_dims(answer.astype(np.int64), axis)
    return np.take_along_axis(scores, places, axis=axis).squeeze(axis)
