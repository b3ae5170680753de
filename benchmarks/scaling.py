"""How the cost of a step grows with callbacks, logged values, tensors and steps; and memory."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from benchmarks.callbacks import Program, stretches
from benchmarks.harness import Plan, Ratio, Row, Runner, Turn, command
from benchmarks.harness.same_work import Outcome, same_weights
from benchmarks.programs.by_hand import by_hand
from benchmarks.programs.growing import (
    Memory,
    does_not_grow,
    layers_by_hand,
    layers_on_lightning,
    listeners,
    logging_fit,
)
from benchmarks.programs.quiet_steps import Stretches, quiet_on_lightning
from benchmarks.programs.seed import Program as Fit
from benchmarks.programs.seed import Seed
from benchmarks.programs.with_lightning import leaned, stock

COUNTS = (1, 4, 16)
SIDES = {"lean": True, "stock": False}


def grown(names: Sequence[str]) -> tuple[Ratio, ...]:
    """Return how much longer 4 and 16 take than 1."""
    return tuple(Ratio(f"{name} {n}", f"{name} 1") for name in names for n in COUNTS[1:])


def row(name: str, programs: Mapping[str, Program], steps: int, check: Any, sides: Any) -> Row:
    build = stretches(programs, steps)
    return Row(name, build, steps, grown(sides), check, rounds=(30, 4))


def callbacks(steps: int) -> Row:
    programs: dict[str, Program] = {
        f"{side} {count}": partial(
            quiet_on_lightning, callbacks=partial(listeners, count), is_lean=is_lean
        )
        for side, is_lean in SIDES.items()
        for count in COUNTS
    }
    return row("callbacks", programs, steps, same_weights, SIDES)


def logged_values(steps: int) -> Row:
    # Four are logged by the module itself.
    programs: dict[str, Program] = {
        f"{side} {count}": partial(quiet_on_lightning, extra=count, is_lean=is_lean)
        for side, is_lean in SIDES.items()
        for count in COUNTS
    }
    return row("logged values beside four", programs, steps, same_weights, SIDES)


def tensors(steps: int) -> Row:
    programs: dict[str, Program] = {}
    for count in COUNTS:
        programs[f"by hand {count}"] = partial(layers_by_hand, count=count)
        for side, is_lean in SIDES.items():
            programs[f"{side} {count}"] = partial(layers_on_lightning, count=count, is_lean=is_lean)
    return row("tensors", programs, steps, same_by_count, ("by hand", *SIDES))


def same_by_count(outcomes: dict[str, Outcome]) -> None:
    """Hold those with as many tensors to the same weights."""
    for count in COUNTS:
        same_weights({n: o for n, o in outcomes.items() if n.endswith(f" {count}")})


def steps_of_an_epoch(least: int) -> Row:
    """Return the row whose legs are epochs of ``least``, 4 and 16 times as many steps."""
    fits: dict[str, Fit] = {"by hand": by_hand, "stock": stock, "lean": leaned}

    def runners(plan: Plan) -> dict[str, Callable[[], Runner]]:
        return {
            f"{name} {count}": partial(
                Turn,
                partial(
                    program,
                    Seed(plan.legs + 1, train_batches=least * count, val_batches=1),
                    plan.folder / f"{name}_{count}".replace(" ", "_"),
                ),
                plan.clock,
            )
            for name, program in fits.items()
            for count in COUNTS
        }

    per = {f"{name} {count}": least * count for name in fits for count in COUNTS}
    notes = f"(1 is {least}, with a validation and a checkpoint at the end of each epoch)"
    return Row(
        "steps of an epoch", runners, per, grown(list(fits)), same_by_count,
        rounds=(15, 3), notes=notes,
    )  # fmt: skip


def memory(steps: int, looks: int = 10) -> Row:
    seed = Seed(1)

    def start(plan: Plan) -> Turn:
        def run(boundary: Callable[[], None]) -> Outcome:
            batches = Stretches(seed, plan.legs + 1, steps // looks, boundary)
            return logging_fit(batches, plan.folder / "lean")

        return Turn(run)

    def runners(plan: Plan) -> dict[str, Callable[[], Runner]]:
        return {"lean": partial(Memory, partial(start, plan))}

    return Row(
        "memory", runners, 1, (), does_not_grow, unit="look", quantity="MiB",
        rounds=(looks, looks), notes=f"(after each tenth of {steps:,} steps; growth is an error)",
    )  # fmt: skip


def rows(quick: bool) -> Sequence[Row]:
    steps = 50 if quick else 200
    return [
        callbacks(steps),
        logged_values(steps),
        tensors(steps),
        steps_of_an_epoch(25 if quick else 50),
        memory(5_000 if quick else 100_000),
    ]


if __name__ == "__main__":
    sys.exit(command("scaling", rows))
