"""Beside what ``tests/cli/test_answers.py`` says of tensors."""

import csv
import errno
from pathlib import Path
from typing import Any

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


def test_a_disk_that_is_full_leaves_no_half_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def writerow(self, row: Any) -> None:
            self.file.write("prediction\n")

        def writerows(self, rows: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(csv, "writer", Full)
    with pytest.raises(ArtefactError, match=r"a\.csv: the answers cannot be written \(No space"):
        write_answers(tmp_path / "a.csv", {"prediction": np.zeros(1)})
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"cannot be written \(No such file"):
        write_answers(tmp_path / "no" / "a.csv", {"prediction": np.zeros(1)})


def test_a_prediction_that_is_no_class_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"in \[0, 1\), the number of classes, got 0 to 1"):
        write_answers(tmp_path / "a.csv", {"prediction": np.array([0, 1])}, ["a"])
    assert not (tmp_path / "a.csv").exists()
