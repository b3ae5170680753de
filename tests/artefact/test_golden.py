"""Golden rows come back as they went in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.golden import read_golden, write_golden


def test_they_come_back(tmp_path: Path) -> None:
    rows: dict[str, Any] = {
        "name": ["a\u2028b", None, "ü"],
        "file": [b"\x00\xff", b"", b"x"],
        "x": np.eye(3),
    }
    inputs: dict[str, Any] = {
        "input": np.arange(9, dtype=np.float32).reshape(3, 3).T,
        "ids": np.arange(3),
    }
    answers: dict[str, Any] = {
        "prediction": np.array([1, 0, 2]),
        "sure": np.array([0.5, np.nan, 1], np.float16),
    }
    assert write_golden(tmp_path, rows, inputs, answers) == ["golden.jsonl", "golden.safetensors"]
    golden = read_golden(tmp_path, ["name", "file", "x"])
    assert golden.rows["name"] == rows["name"]
    assert golden.rows["file"] == rows["file"]
    np.testing.assert_array_equal(np.asarray(golden.rows["x"]), rows["x"])
    for found, expected in ((golden.inputs, inputs), (golden.answers, answers)):
        assert set(found) == set(expected)
        for name, array in found.items():
            assert array.dtype == expected[name].dtype
            np.testing.assert_array_equal(array, expected[name])


def test_numbers_of_float32_keep_every_bit(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    write_golden(tmp_path, {"input": values}, {"input": values}, {"output": values})
    read = np.asarray(read_golden(tmp_path, ["input"]).rows["input"]).astype(np.float32)
    np.testing.assert_array_equal(read, values)


def test_lengths_must_agree(tmp_path: Path) -> None:
    for rows, more in (([1, 2], np.zeros(1)), ([], np.zeros(0))):
        with pytest.raises(ValueError, match="golden rows must be as many everywhere"):
            write_golden(tmp_path, {"x": rows}, {"input": more}, {"output": more})


@pytest.mark.parametrize("name", ["golden.jsonl", "golden.safetensors"])
def test_a_missing_or_torn_file(tmp_path: Path, name: str) -> None:
    write_golden(tmp_path, {"x": [1]}, {"input": np.zeros(1)}, {"output": np.zeros(1)})
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtefactError, match="golden rows cannot be read"):
        read_golden(tmp_path, ["x"])
    (tmp_path / name).unlink()
    with pytest.raises(ArtefactError, match=f"{name}: there is no such file"):
        read_golden(tmp_path, ["x"])
