"""How many times as long one alternative takes as another, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 10_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Ratio:
    """The time of ``of`` divided by the time of ``to``, and what it must reach.

    Args:
        of: Name of an alternative.
        to: Name of another.
        beyond: Name of a third, whose time is taken off that of ``of`` first: the share of ``to``
            that ``of`` adds.
        at_most: What the ratio must not exceed, or None.
        at_least: What it must not fall below, or None.
    """

    of: str
    to: str
    at_most: float | None = None
    at_least: float | None = None
    beyond: str | None = None

    @property
    def name(self) -> str:
        top = self.of if self.beyond is None else f"({self.of} - {self.beyond})"
        return f"{top} / {self.to}"

    @property
    def bound(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return "" if self.at_least is None else f">= {self.at_least:g}"

    def is_met(self, low: float, high: float) -> bool | None:
        """Say whether the interval reaches the bound; None where there is none."""
        if self.at_most is not None:
            return low <= self.at_most
        return None if self.at_least is None else high >= self.at_least


def paired(
    of: Sequence[float], to: Sequence[float], beyond: Sequence[float] | None = None, seed: int = 0
) -> dict[str, float]:
    """Return the median of the rounds' ratios with its 95 % interval.

    The interval is a bootstrap over rounds: all samples of a round are drawn together, so what
    slows down a whole round is in no ratio.

    Args:
        of: Seconds, one a round.
        to: Seconds in the same rounds.
        beyond: Seconds in the same rounds that are taken off ``of``; the ratio may be below 0 then.
        seed: Of the bootstrap.

    Raises:
        ValueError: If there are not as many samples of one as of the other, none, or some not
            above 0.
    """
    if len(of) != len(to) or not of or (beyond is not None and len(beyond) != len(of)):
        counts = f"{len(of)} and {len(to)}" + (f" and {len(beyond)}" if beyond else "")
        raise ValueError(f"samples must come in pairs, got {counts}")
    if min(*of, *to) <= 0:
        raise ValueError(f"times must be above 0 s, got {min(*of, *to)}")
    taken, other = np.asarray(of, float), np.asarray(to, float)
    # Logs make a ratio and its inverse alike; a difference has none.
    if beyond is None:
        values = np.log(taken) - np.log(other)
    else:
        values = (taken - np.asarray(beyond, float)) / other
    drawn = np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.median(values[drawn], axis=1), [tail, 1 - tail])
    found = {"ratio": np.median(values), "low": low, "high": high}
    return {
        name: float(np.exp(value) if beyond is None else value) for name, value in found.items()
    }


def spread(samples: Sequence[float]) -> dict[str, Any]:
    """Return the median, the quartiles and the extremes of ``samples``."""
    low, quarter, half, three, high = np.quantile(samples, [0, 0.25, 0.5, 0.75, 1])
    return {
        "median": float(half),
        "quartiles": [float(quarter), float(three)],
        "min": float(low),
        "max": float(high),
        "rounds": len(samples),
    }
