"""What an answer costs in onnxruntime beside eager PyTorch, and what an export costs."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Calls, DifferentWork, Plan, Ratio, Row, Runner, command
from benchmarks.harness.process import Process
from benchmarks.programs.digits_graphs import RECIPES, Answering, in_eager, in_onnxruntime

EAGER, ONNX = "eager", "onnxruntime"
BOUND = 0.5
IMPORT, EXPORT = "import pytorch_lightning", "export with the gate"
KIT = (sys.executable, "-m", "lightning_kit")
Answers = Mapping[str, NDArray[Any]]


def same_answers(outcomes: dict[str, Answers]) -> None:
    """Hold what both answered to the same rows against each other."""
    first, second = outcomes[EAGER], outcomes[ONNX]
    for name, values in first.items():
        if not np.allclose(values, second[name], rtol=1e-4, atol=1e-5):
            raise DifferentWork(f"{ONNX} gave another {name!r} than {EAGER}")


def repeated(answering: Answering, times: int) -> Answers:
    for _ in range(times):
        answers = answering()
    return {name: np.asarray(values) for name, values in answers.items()}


def calls(build: Callable[[], Answering], times: int, plan: Plan) -> Runner:
    return Calls(partial(repeated, build(), times), plan.clock)


def row(recipe: str, batch: int, times: int) -> Row:
    def runners(plan: Plan) -> dict[str, Callable[[], Runner]]:
        ways = {
            EAGER: partial(in_eager, recipe, batch),
            ONNX: partial(in_onnxruntime, recipe, batch, plan.folder),
        }
        return {name: partial(calls, build, times, plan) for name, build in ways.items()}

    bound = Ratio(ONNX, EAGER, at_most=BOUND if batch == 1 else None)
    return Row(
        f"{recipe}, batch {batch}", runners, times, (bound,), same_answers, unit="call",
        rounds=(40, 6), notes="preprocessing, network and postprocessing, one thread",
    )  # fmt: skip


def exports(plan: Plan) -> dict[str, Callable[[], Runner]]:
    """Train the digits recipe for an epoch; return what exports it, and Lightning's import."""
    recipe = Path(__file__).parents[1] / "configs/recipes/digits_mlp.yaml"
    fit = Process(
        [*KIT, "fit", "-c", str(recipe), "--trainer.max_epochs", "1"], plan.folder, "finished"
    )
    fit.leg()
    anew = (
        "import shutil, sys; from lightning_kit.cli import main;"
        " shutil.rmtree('artefact', ignore_errors=True); sys.exit(main(sys.argv[1:]))"
    )
    run = str(plan.folder / "runs/digits_mlp/latest")
    commands = {
        IMPORT: ([sys.executable, "-c", f"{IMPORT}; print('imported')"], "imported"),
        EXPORT: ([sys.executable, "-c", anew, "export", run, "--out", "artefact"], "verified"),
    }
    return {
        name: partial(Process, words, plan.folder / str(number), expected)
        for number, (name, (words, expected)) in enumerate(commands.items())
    }


def checked_by_each(_: dict[str, str]) -> None:
    """Do nothing: each process is held to what it says, at each leg."""


def rows(_: bool) -> Sequence[Row]:
    gated = Row(
        "the digits recipe, whole process", exports, 1, (Ratio(EXPORT, IMPORT, at_most=6),),
        checked_by_each, unit="start", rounds=(8, 1), warm_up=0,
    )  # fmt: skip
    answers = [row(recipe, *size) for recipe in RECIPES for size in ((1, 300), (64, 20))]
    return [*answers, gated]


if __name__ == "__main__":
    sys.exit(command("export", rows))
