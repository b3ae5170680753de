"""What an answer costs: the exported digits recipes in onnxruntime beside eager PyTorch."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Calls, DifferentWork, Plan, Ratio, Row, Runner, command
from benchmarks.programs.digits_graphs import RECIPES, Answering, in_eager, in_onnxruntime

EAGER, ONNX = "eager", "onnxruntime"
BOUND = 0.5
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
        rounds=(40, 10), notes="preprocessing, network and postprocessing, one thread",
    )  # fmt: skip


def rows(_: bool) -> Sequence[Row]:
    return [row(recipe, *size) for recipe in RECIPES for size in ((1, 300), (64, 20))]


if __name__ == "__main__":
    sys.exit(command("export", rows))
