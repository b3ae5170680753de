"""Measure one row of a table: alternatives in turns, in an order that is drawn anew each round."""

import gc
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.ratio import Ratio, paired, spread
from benchmarks.harness.runner import Clock, Runner


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    Args:
        rounds: Legs of each alternative that count.
        warm_up: Legs of each alternative before.
        quick: Whether the whole theme must take less than a minute.
        clock: What to read.
        folder: Where the alternatives may write.
    """

    rounds: int
    warm_up: int = 1
    quick: bool = False
    clock: Clock = "wall"
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="benchmarks-")))

    @property
    def legs(self) -> int:
        return self.warm_up + self.rounds


@dataclass(frozen=True)
class Row:
    """Alternatives that do the same work.

    Args:
        name: What the row shows.
        runners: Builds the alternatives, by name; they are started in this order.
        per: Units of work in a leg, such as steps; by name where they differ.
        unit: What one unit is called.
        ratios: What is divided by what.
        check: Raises DifferentWork where what the alternatives returned, by name, differs.
        quantity: ``s``, or what else the legs return, in ``MiB``.
        rounds: Rounds, and rounds of a quick run.
        warm_up: Legs before those that count; a process that starts anew needs none.
        notes: What the table's title says beside the name.
    """

    name: str
    runners: Callable[[Plan], Mapping[str, Callable[[], Runner]]]
    per: int | Mapping[str, int]
    ratios: tuple[Ratio, ...]
    check: Callable[[dict[str, Any]], None]
    unit: str = "step"
    quantity: str = "s"
    rounds: tuple[int, int] = (15, 3)
    warm_up: int = 1
    notes: str = ""

    def units(self, name: str) -> int:
        return self.per if isinstance(self.per, int) else self.per[name]


@dataclass(frozen=True)
class Measured:
    """What was measured of a row.

    Attributes:
        seconds: For each alternative the seconds of one unit, one a round.
    """

    row: Row
    seconds: dict[str, list[float]]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.row.name,
            "unit": self.row.unit,
            "quantity": self.row.quantity,
            "units_in_a_leg": {name: self.row.units(name) for name in self.seconds},
            "notes": self.row.notes,
            "alternatives": {
                name: {**spread(samples), "samples": samples}
                for name, samples in self.seconds.items()
            },
            "ratios": [self.ratio(ratio) for ratio in self.row.ratios],
        }

    def ratio(self, ratio: Ratio) -> dict[str, Any]:
        beyond = None if ratio.beyond is None else self.seconds[ratio.beyond]
        found = paired(self.seconds[ratio.of], self.seconds[ratio.to], beyond)
        met = ratio.is_met(found["low"], found["high"])
        return {"name": ratio.name, **found, "bound": ratio.bound, "met": met}


def measure(row: Row, plan: Plan) -> Measured:
    """Run the alternatives of ``row`` in turns, and check that they did the same work.

    Raises:
        DifferentWork: If they did not.
    """
    runners = {name: build() for name, build in row.runners(plan).items()}
    names = list(runners)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    random = np.random.default_rng(0)
    with ExitStack() as stack:
        # What lives on is looked at once, and each leg begins without another's garbage.
        gc.collect()
        gc.freeze()
        stack.callback(gc.unfreeze)
        for leg in range(plan.legs):
            for index in random.permutation(len(names)):
                name = names[index]
                gc.collect()
                taken = runners[name].leg()
                if leg >= plan.warm_up:
                    seconds[name].append(taken / row.units(name))
        row.check({name: runner.finish() for name, runner in runners.items()})
    return Measured(row, seconds)
