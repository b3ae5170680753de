"""Beside what ``tests/cli/test_answers.py`` says of tensors."""

import csv
from pathlib import Path

import numpy as np
import pytest

from lightning_kit.artefact.answers import write_answers
from lightning_kit.artefact.errors import ArtefactError


def test_a_row_a_sample(tmp_path: Path) -> None:
    answers = {"prediction": np.array([1, 0]), "p": np.array([[0.25, 0.75], [0.5, 0.5]], "f")}
    assert write_answers(tmp_path / "a.csv", answers, ["no", "ja, ü"]) == 2
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["prediction", "p_no", "p_ja, ü"], ["ja, ü", "0.25", "0.75"], ["no", "0.5", "0.5"],
        ]  # fmt: skip


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(FileExistsError):
        write_answers(tmp_path / "a.csv", {"prediction": np.zeros(1)})
    assert (tmp_path / "a.csv").read_text() == "mine"


def test_a_prediction_that_is_no_class_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"in \[0, 1\), the number of classes, got 0 to 1"):
        write_answers(tmp_path / "a.csv", {"prediction": np.array([0, 1])}, ["a"])
    assert not (tmp_path / "a.csv").exists()
