"""How sure a metric is, given that other samples might have been drawn."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Measure = Callable[[Mapping[str, NDArray[Any]], Any], dict[str, float]]
RESAMPLES = 200


def intervals(
    measure: Measure,
    answers: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    *,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return ``(low, high)`` of every metric: a percentile bootstrap over the samples.

    Each resample draws as many rows as there are, with replacement, and measures them; a metric
    that is NaN in some (no row of a class was drawn) is ranked among the others.

    Args:
        measure: ``(answers, target) -> {name: value}``.
        answers: Arrays of ``N`` rows.
        target: ``N`` rows.
        resamples: How many times.
        level: Share of the resamples between low and high.
        seed: Decides the rows; the same seed gives the same interval.
    """
    generator = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    for _ in range(resamples):
        rows = generator.integers(len(target), size=len(target))
        measured = measure({name: values[rows] for name, values in answers.items()}, target[rows])
        for name, value in measured.items():
            drawn.setdefault(name, []).append(value)
    tails = ((1 - level) / 2, (1 + level) / 2)
    return {name: _between(values, tails) for name, values in drawn.items()}


def _between(values: list[float], tails: tuple[float, float]) -> tuple[float, float]:
    known = [value for value in values if value == value]
    if not known:
        return float("nan"), float("nan")
    low, high = np.quantile(known, tails)
    return float(low), float(high)
