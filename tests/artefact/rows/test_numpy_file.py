"""Beside what ``tests/datamodules/test_array_files.py`` says of the same files."""

from pathlib import Path

import numpy as np
import pytest

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.numpy_file import read_numpy


def test_only_the_named_arrays_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", input=np.eye(2), more=np.array([object()], dtype=object))
    arrays = read_numpy(tmp_path / "a.npz", ["input"])
    assert list(arrays) == ["input"]
    np.testing.assert_array_equal(arrays["input"], np.eye(2))


def test_pickles_stay_unread(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", input=np.array([object()], dtype=object))
    with pytest.raises(DataError, match="holds pickled objects"):
        read_numpy(tmp_path / "a.npz", ["input"])


def test_a_wrong_name_lists_what_there_is(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", pixels=np.eye(2))
    with pytest.raises(
        DataError, match="column 'input': there is no such array .the file has pixels"
    ):
        read_numpy(tmp_path / "a.npz", ["input"])
