from pathlib import Path

import numpy as np
import pytest
import torch

from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.array_source import ArraySource

SOURCE = ArraySource("x", "y", "float32", None)
NAMED = ArraySource("x", "y", "float32", ["cat", "dog"])


def test_one_file_or_a_file_each(tmp_path: Path) -> None:
    x, y = np.eye(3), np.array([0, 1, 2])
    np.savez(tmp_path / "a.npz", x=x, y=y)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    together = SOURCE.rows(str(tmp_path / "a.npz"))
    apart = SOURCE.rows(str(tmp_path / "x.npy"), str(tmp_path / "y.npy"))
    for left, right in zip(together, apart, strict=True):
        assert torch.equal(left, right)
    assert torch.equal(SOURCE.input_rows(str(tmp_path / "x.npy")), together[0])


def test_inputs_need_no_target(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.eye(3))
    assert SOURCE.input_rows(str(tmp_path / "a.npz")).shape == (3, 3)
    with pytest.raises(DataError, match="column 'y': there is no such array"):
        SOURCE.rows(str(tmp_path / "a.npz"))


def test_a_target_file_of_its_own_is_the_one_named(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(3))
    np.save(tmp_path / "y.npy", np.array([0, 1]))
    with pytest.raises(DataError, match=r"y\.npy, column 'y': must have the 3 rows"):
        SOURCE.rows(str(tmp_path / "x.npy"), str(tmp_path / "y.npy"))


def test_names_say_how_many_classes_there_are(tmp_path: Path) -> None:
    for target, message in (
        ([0, 1, 2], r"row 3, column 'y': a label must be in \[0, 2\), got 2"),
        ([0.0, 1.0, 2.0], r"row 3, column 'y': a label must be in \[0, 2\), got 2"),
        ([0.0, 0.5, 1.0], "row 2, column 'y': must be a whole number, got 0.5"),
        ([[0, 1, 1]] * 3, "must have 2 columns, one a label, got 3"),
    ):
        np.savez(tmp_path / "a.npz", x=np.eye(3), y=np.array(target))
        with pytest.raises(DataError, match=message):
            NAMED.rows(str(tmp_path / "a.npz"))


def test_values_and_widths_are_those_of_training() -> None:
    SOURCE.check_values(torch.zeros(2, 3), 3, "a.npz")
    with pytest.raises(DataError, match=r"must hold 3 column.s. of .* got '2 of torch.float32'"):
        SOURCE.check_values(torch.zeros(2, 2), 3, "a.npz")
    with pytest.raises(DataError, match=r"must hold 1 column.s. of .* got '1 of torch.int64'"):
        SOURCE.check_values(torch.tensor([1, 2]), 1, "a.npz")
    SOURCE.check_width(torch.zeros(2, 3), [3], "a.npz")
    with pytest.raises(DataError, match=r"column 'x': a row must have shape \[4\].*got \[3\]"):
        SOURCE.check_width(torch.zeros(2, 3), [4], "a.npz")
