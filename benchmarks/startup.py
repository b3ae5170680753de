"""How long a person waits: for ``--help`` and for the first step, beside Lightning's import."""

import sys
from collections.abc import Callable, Sequence
from functools import partial

import yaml

from benchmarks.harness import Plan, Ratio, Row, Runner, command
from benchmarks.harness.process import Process
from benchmarks.programs.first_step import RECIPE, STEPPED

PYTHON = sys.executable
IMPORT = "import pytorch_lightning"


def runners(plan: Plan) -> dict[str, Callable[[], Runner]]:
    recipe = plan.folder / "first_step.yaml"
    recipe.write_text(yaml.safe_dump(RECIPE))
    kit = [PYTHON, "-m", "lightning_kit"]
    imported = f"{IMPORT}; print('imported')"
    commands: dict[str, tuple[list[str], str]] = {
        IMPORT: ([PYTHON, "-c", imported], "imported"),
        "--help": ([*kit, "--help"], "fit"),
        "first step, stock": (
            [PYTHON, "-m", "benchmarks.programs.first_step", "stock"], STEPPED,
        ),
        "first step, kit": ([*kit, "fit", "-c", str(recipe)], STEPPED),
    }  # fmt: skip
    return {
        name: partial(Process, words, plan.folder / str(number), expected)
        for number, (name, (words, expected)) in enumerate(commands.items())
    }


def checked_by_each(_: dict[str, str]) -> None:
    """Do nothing: each process is held to what it says, at each leg."""


def rows(_: bool) -> Sequence[Row]:
    ratios = tuple(
        Ratio(name, IMPORT) for name in ("--help", "first step, stock", "first step, kit")
    )
    row = Row(
        "startup", runners, 1, (*ratios, Ratio("first step, kit", "first step, stock")),
        checked_by_each, unit="start", rounds=(10, 2), warm_up=0,
    )  # fmt: skip
    return [row]


if __name__ == "__main__":
    sys.exit(command("startup", rows))
