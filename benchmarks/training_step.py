"""What a training step costs: the seed program by hand, with Ignite, on Lightning and the kit."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.harness import Plan, Ratio, Row, Runner, Turn, command
from benchmarks.harness.same_work import (
    DifferentWork,
    Outcome,
    same_files,
    same_scores,
    same_weights,
)
from benchmarks.programs.by_hand import by_hand
from benchmarks.programs.from_yaml import from_yaml
from benchmarks.programs.gan import GAN_KEYS, gan_by_hand, gan_lean, gan_stock
from benchmarks.programs.seed import EPOCH_KEYS, KEYS, Program, Seed
from benchmarks.programs.two_processes import two_processes
from benchmarks.programs.with_ignite import with_ignite
from benchmarks.programs.with_lightning import leaned, stock, with_the_kit

Check = Callable[[dict[str, Outcome]], None]

ALL: dict[str, Program] = {
    "by hand": by_hand,
    "Ignite": with_ignite,
    "stock": stock,
    "lean": leaned,
    "kit": with_the_kit,
}
LOOPS: dict[str, Program] = {name: ALL[name] for name in ("by hand", "stock", "lean")}
GANS: dict[str, Program] = {"by hand": gan_by_hand, "stock": gan_stock, "lean": gan_lean}
YAML: dict[str, Program] = {"by hand": by_hand, "kit": with_the_kit, "kit from YAML": from_yaml}

BOUNDS = (
    Ratio("kit", "by hand", at_most=1.15),
    Ratio("kit", "Ignite", at_most=1.0),
    Ratio("stock", "kit", at_least=4),
    Ratio("lean", "by hand", at_most=1.35),
    Ratio("stock", "lean", at_least=4),
    Ratio("stock", "by hand"),
    Ratio("Ignite", "by hand"),
)
WITHOUT = tuple(Ratio(ratio.of, ratio.to) for ratio in BOUNDS)
LARGER = (Ratio("lean", "by hand"), Ratio("stock", "by hand"))
#: Width of the two hidden layers -> about how long a step takes on one core.
WIDTHS = {512: "5 ms model", 1792: "50 ms model"}


def same_program(outcomes: dict[str, Outcome], keys: Sequence[str] = KEYS) -> None:
    """Hold all to the same weights, files and scores, and lean to stock's very digits."""
    same_weights(outcomes)
    same_files(outcomes)
    same_scores(outcomes, keys)
    same_scores({name: outcomes[name] for name in ("stock", "lean")}, keys, relative=0)


by_epoch = partial(same_program, keys=EPOCH_KEYS)


def same_game(outcomes: dict[str, Outcome]) -> None:
    same_weights(outcomes)
    same_scores(outcomes, GAN_KEYS)


def similar_program(outcomes: dict[str, Outcome]) -> None:
    """Hold YAML to the others' scores roughly: it has an order of samples of its own."""
    python = {name: outcomes[name] for name in ("by hand", "kit")}
    same_weights(python)
    same_scores(python, KEYS)
    for key in KEYS:
        one, other = (outcomes[name].scores.get(key, []) for name in ("by hand", "kit from YAML"))
        if len(one) != len(other):
            raise DifferentWork(f"YAML logged {key} {len(other)} times, by hand {len(one)} times")
    same_scores(
        {name: Outcome([], {"last": found.scores["train/accuracy"][-1:]})
         for name, found in outcomes.items()},
        ["last"], relative=0.1,
    )  # fmt: skip


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
    steps: int,
    val_batches: int,
    check: Check = same_program,
    **options: Any,
) -> Row:
    build = fits(programs, train_batches=steps, val_batches=val_batches, **options)
    return Row(name, build, steps, ratios, check, rounds=rounds)


def rows(quick: bool) -> Sequence[Row]:
    size = (30, 2) if quick else (400, 20)
    small = (10, 1) if quick else (400, 20)
    smallest = (2, 1) if quick else (40, 2)
    # An epoch's end weighs more in a short one, so a quick run says nothing about these bounds.
    close = Ratio("lean", "by hand", at_most=None if quick else 1.02)
    ranks = tuple(
        Ratio(name, "DDP by hand", at_most=None if quick else 1.05) for name in ("kit", "lean")
    )
    return [
        # The one that most bounds are for keeps its size.
        row("seed program", ALL, BOUNDS, (40, 3), 400, 20),
        row("fused Adam", ALL, WITHOUT, (15, 2), *size, fused=True),
        row("DataLoader", ALL, WITHOUT, (15, 2), *size, loader="dataloader"),
        row("45 steps an epoch", ALL, WITHOUT, (30, 3), 45, 3),
        row(
            "kit from YAML", YAML,
            (Ratio("kit from YAML", "by hand"), Ratio("kit from YAML", "kit")),
            (15, 3), *size, similar_program, fused=True,
        ),
        row(
            "two optimizers", GANS, (Ratio("stock", "lean", at_least=2), *LARGER),
            (30, 3), *size, same_game,
        ),
        row(WIDTHS[512], LOOPS, (close, LARGER[1]), (20, 3), *small, by_epoch, hidden=512),
        row(WIDTHS[1792], LOOPS, LARGER, (10, 2), *smallest, by_epoch, hidden=1792),
        Row(
            "two processes", partial(two_processes, steps=size[0], val_batches=size[1]), 1,
            (*ranks, Ratio("stock", "DDP by hand")), checked_by_the_ranks, rounds=(25, 2),
        ),
    ]  # fmt: skip


def checked_by_the_ranks(outcomes: dict[str, Any]) -> None:
    """Do nothing: weights and scores are where they were measured."""


if __name__ == "__main__":
    sys.exit(command("training_step", rows))
