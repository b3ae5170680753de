"""Check that alternatives did the same work."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


class DifferentWork(RuntimeError):
    """Two alternatives did different work, so their times say nothing."""


@dataclass
class Outcome:
    """What a fit leaves behind.

    Attributes:
        weights: The parameters at its end.
        scores: What it logged, in order, by key.
        kept: What names the checkpoints that it kept.
    """

    weights: list[Tensor]
    scores: dict[str, list[float]] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)


def same_weights(outcomes: Mapping[str, Outcome]) -> None:
    """Raise DifferentWork unless all weights are equal bit for bit."""
    first, *others = outcomes
    for name in others:
        mine, theirs = outcomes[name].weights, outcomes[first].weights
        if len(mine) != len(theirs) or not all(map(torch.equal, mine, theirs)):
            raise DifferentWork(f"{name} and {first} end with different weights")


def same_scores(
    outcomes: Mapping[str, Outcome], keys: Sequence[str], relative: float = 1e-5
) -> None:
    """Raise DifferentWork unless all logged ``keys`` as often, with values ``relative``-ly close.

    Args:
        outcomes: By name of the alternative.
        keys: What to compare.
        relative: 0 asks for the same bits.
    """
    first, *others = outcomes
    for key in keys:
        theirs = outcomes[first].scores.get(key, [])
        if not theirs:
            raise DifferentWork(f"{first} never logged {key}")
        for name in others:
            mine = outcomes[name].scores.get(key, [])
            if len(mine) != len(theirs):
                raise DifferentWork(
                    f"{name} logged {key} {len(mine)} times, {first} {len(theirs)} times"
                )
            for number, (one, other) in enumerate(zip(mine, theirs, strict=True), start=1):
                if not math.isclose(one, other, rel_tol=relative, abs_tol=relative / 100):
                    raise DifferentWork(
                        f"{name} logged {key}={one!r} and {first} {other!r} at the {number}. time"
                    )


def same_files(outcomes: Mapping[str, Outcome]) -> None:
    """Raise DifferentWork unless all kept checkpoints of the same epochs."""
    first, *others = outcomes
    for name in others:
        mine, theirs = outcomes[name].kept, outcomes[first].kept
        if mine != theirs:
            raise DifferentWork(f"{name} kept the epochs {mine}, {first} {theirs}")


def same_value(outcomes: Mapping[str, Any]) -> None:
    """Raise DifferentWork unless all outcomes are equal."""
    first, *others = outcomes
    for name in others:
        if outcomes[name] != outcomes[first]:
            raise DifferentWork(f"{name} gave {outcomes[name]!r}, {first} {outcomes[first]!r}")
