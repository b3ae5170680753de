"""What a training step costs: the seed program by hand, with Ignite, on Lightning and the kit."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import Plan, Ratio, Row, Runner, Turn, command
from benchmarks.harness.same_work import Outcome, same_files, same_scores, same_weights
from benchmarks.programs.by_hand import by_hand
from benchmarks.programs.seed import KEYS, Seed
from benchmarks.programs.with_ignite import with_ignite
from benchmarks.programs.with_lightning import leaned, stock, with_the_kit

Program = Callable[[Seed, Path, Callable[[], None]], Outcome]

ALL: dict[str, Program] = {
    "by hand": by_hand,
    "Ignite": with_ignite,
    "stock": stock,
    "lean": leaned,
    "kit": with_the_kit,
}
LOOPS: dict[str, Program] = {name: ALL[name] for name in ("by hand", "stock", "lean")}
BOUNDS = (
    Ratio("kit", "by hand", at_most=1.15),
    Ratio("kit", "Ignite", at_most=1.0),
    Ratio("stock", "kit", at_least=4),
    Ratio("lean", "by hand", at_most=1.35),
    Ratio("stock", "lean", at_least=4),
    Ratio("stock", "by hand"),
    Ratio("Ignite", "by hand"),
)
WITHOUT_BOUNDS = tuple(Ratio(ratio.of, ratio.to) for ratio in BOUNDS)


def same_program(outcomes: dict[str, Outcome]) -> None:
    """Hold all to the same weights, files and scores, and lean to stock's very digits."""
    same_weights(outcomes)
    same_files(outcomes)
    same_scores(outcomes, KEYS)
    same_scores({name: outcomes[name] for name in ("stock", "lean")}, KEYS, relative=0)


def fits(programs: dict[str, Program], **options: Any) -> Callable[[Plan], Any]:
    """Return what starts each program in a thread of its own, an epoch a turn."""

    def build(plan: Plan) -> dict[str, Callable[[], Runner]]:
        # The last epoch has no batch after it to say that it is over.
        seed = Seed(plan.legs + 1, **options)
        return {
            name: partial(
                Turn, partial(program, seed, plan.folder / name.replace(" ", "_")), plan.clock
            )
            for name, program in programs.items()
        }

    return build


def row(
    name: str,
    programs: dict[str, Program],
    ratios: tuple[Ratio, ...],
    rounds: tuple[int, int],
    steps: int = 400,
    **options: Any,
) -> Row:
    build = fits(programs, train_batches=steps, **options)
    return Row(name, build, steps, ratios, same_program, rounds=rounds)


def rows(quick: bool) -> Sequence[Row]:
    short = {"steps": 100, "val_batches": 5} if quick else {}
    return [
        row("seed program", ALL, BOUNDS, (40, 8)),
        row("fused Adam", ALL, WITHOUT_BOUNDS, (15, 3), **short, fused=True),
        row("DataLoader", ALL, WITHOUT_BOUNDS, (15, 3), **short, loader="dataloader"),
        row("45 steps an epoch", ALL, WITHOUT_BOUNDS, (30, 6), 45, val_batches=3),
    ]


if __name__ == "__main__":
    sys.exit(command("training_step", rows))
