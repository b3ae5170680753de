"""Both ways of answering give the same answers, and another answer is found."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.export import EAGER, EXPORT, IMPORT, ONNX, row, rows, same_answers
from benchmarks.harness import DifferentWork, Plan, measure
from benchmarks.programs.digits_graphs import RECIPES


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_measured_whole(recipe: str, tmp_path: Path) -> None:
    measured = measure(row(recipe, 1, times=2), Plan(2, folder=tmp_path))
    assert list(measured.seconds) == [EAGER, ONNX]


def test_another_answer_is_found() -> None:
    ones = {"probabilities": np.ones(2)}
    same_answers({EAGER: ones, ONNX: ones})
    with pytest.raises(DifferentWork, match="another 'probabilities' than eager"):
        same_answers({EAGER: ones, ONNX: {"probabilities": np.zeros(2)}})


def test_the_bound_is_on_one_row_at_a_time() -> None:
    found = {one.name: one.ratios[0].bound for one in rows(False)}
    assert found == {
        "digits_mlp, batch 1": "<= 0.5", "digits_mlp, batch 64": "",
        "digits_cnn, batch 1": "<= 0.5", "digits_cnn, batch 64": "",
        "the digits recipe, whole process": "<= 6",
    }  # fmt: skip


@pytest.mark.slow
def test_a_whole_export_is_measured(tmp_path: Path) -> None:
    measured = measure(rows(True)[-1], Plan(1, folder=tmp_path))
    assert list(measured.seconds) == [IMPORT, EXPORT]
