"""What every callback of the kit adds to a step, as a share of the step written by hand."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from benchmarks.harness import Plan, Ratio, Row, Runner, Turn, command
from benchmarks.harness.same_work import Outcome, same_weights
from benchmarks.programs.callback_cases import BUSY, QUIET, Arguments, build, discovered
from benchmarks.programs.quiet_steps import Stretches, quiet_by_hand, quiet_on_lightning
from benchmarks.programs.seed import Seed

BASE, BY_HAND, LOG = "no callback", "by hand", "one value more"
Program = Callable[[Stretches, Path], Outcome]


def of_callback(name: str, cases: dict[str, Arguments]) -> Program:
    def callbacks(folder: Path) -> Sequence[pl.Callback]:
        return [build(name, folder, cases)]

    return partial(quiet_on_lightning, callbacks=callbacks)


def stretches(programs: Mapping[str, Program], steps: int) -> Callable[[Plan], Any]:
    """Return what starts each program in a thread of its own, so many steps a turn."""

    def start(program: Program, plan: Plan, folder: Path) -> Turn:
        def run(boundary: Callable[[], None]) -> Outcome:
            # One more than legs: a search for the rate takes the first for itself.
            return program(Stretches(seed, plan.legs + 1, steps, boundary), folder)

        return Turn(run, plan.clock)

    def runners(plan: Plan) -> dict[str, Callable[[], Runner]]:
        return {
            name: partial(start, program, plan, plan.folder / str(number))
            for number, (name, program) in enumerate(programs.items())
        }

    seed = Seed(1)
    return runners


def row(
    name: str, programs: Mapping[str, Program], bounds: Mapping[str, float | None],
    rounds: tuple[int, int], steps: int,
) -> Row:  # fmt: skip
    """Return the row that says what each program adds to BASE, as a share of BY_HAND."""
    every: dict[str, Program] = {BY_HAND: quiet_by_hand, BASE: quiet_on_lightning, **programs}
    ratios = tuple(Ratio(one, BY_HAND, at_most=bounds[one], beyond=BASE) for one in programs)
    return Row(name, stretches(every, steps), steps, ratios, same_weights, rounds=rounds)


def rows(quick: bool) -> Sequence[Row]:
    quiet = {name: of_callback(name, QUIET) for name in discovered()}
    busy = {name: of_callback(name, BUSY) for name in discovered() if name in BUSY}
    extra: dict[str, Program] = {LOG: partial(quiet_on_lightning, extra=1)}
    steps = 100 if quick else 200
    return [
        row("one logged value more", extra, {LOG: 0.03}, (60, 12), steps),
        row("callbacks, quiet", quiet, dict.fromkeys(quiet, 0.05), (60, 10), steps),
        row("callbacks, at every step", busy, dict.fromkeys(busy), (30, 5), steps),
    ]


if __name__ == "__main__":
    sys.exit(command("callbacks", rows))
