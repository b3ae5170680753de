import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from programs.artefacts import ENCODERS, PICTURE_ENCODERS

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.row_tensors import encoded_batches, encoded_rows, input_rows


def test_encoders_are_applied() -> None:
    Path("a.csv").write_text("colour,size\nred,1.5\n")
    assert encoded_rows(Path("a.csv"), ENCODERS).tolist() == [[1.5, 0, 1]]
    Path("a.jsonl").write_text(json.dumps({"picture": [[1, 2], [3, 4]]}))
    pixels = encoded_rows(Path("a.jsonl"), PICTURE_ENCODERS)
    assert (pixels.shape, pixels.dtype) == ((1, 3, 4, 6), torch.uint8)


def test_pictures_without_a_declared_size_come_one_by_one() -> None:
    picture = {"kind": "image", "column": "picture", "mode": "L", "size": None}
    rows = [[[1, 2], [3, 4]], [[5]], [[6]]]
    Path("a.jsonl").write_text("".join(json.dumps({"picture": p}) + "\n" for p in rows))
    batches = encoded_batches(Path("a.jsonl"), [picture], 2)
    assert [tuple(batch.shape) for batch in batches] == [(1, 1, 2, 2), (1, 1, 1, 1), (1, 1, 1, 1)]
    fixed = encoded_batches(Path("a.jsonl"), [{**picture, "size": [2, 2]}], 2)
    assert [len(batch) for batch in fixed] == [2, 1]
    with pytest.raises(InputError, match=r"a\.jsonl, row 2, .*: must have the first picture's"):
        encoded_rows(Path("a.jsonl"), [picture])
    Path("a.jsonl").write_text('{"picture": [[1]]}\n{"picture": "torn"}\n')
    with pytest.raises(InputError, match=r"a\.jsonl, row 2, column 'picture': must be a picture"):
        encoded_batches(Path("a.jsonl"), [picture], 2)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (torch.zeros(1, 2), torch.float32),
        (torch.zeros(1, 2).half(), torch.float16),
        (torch.zeros(1, 2).bfloat16(), torch.float32),
        (torch.zeros(1, 5).long(), torch.int64),
    ],
)
def test_inputs_are_like_the_sample(sample: torch.Tensor, expected: torch.dtype) -> None:
    np.savez("a.npz", x=[[1, 2], [3, 4], [5, 6]])
    found = input_rows(Path("a.npz"), {"x": sample})["x"]
    assert (found.tolist(), found.dtype) == ([[1, 2], [3, 4], [5, 6]], expected)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("a.npz", r"^a\.npz, column 'x': must have the shape \(batch, 3\), got \(1, 2\)"),
        ("a.jsonl", r"^a\.jsonl, row 2, column 'x': must have the shape of row 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(file: str, message: str) -> None:
    np.savez("a.npz", x=[[1, 2]])
    Path("a.jsonl").write_text('{"x": [1, 2, 3]}\n{"x": [1]}\n')
    with pytest.raises(InputError, match=message):
        input_rows(Path(file), {"x": torch.zeros(1, 3)})


def test_a_wrong_cell_is_named_with_its_file() -> None:
    rows: dict[str, Any] = {"colour": "red", "size": "big"}
    Path("a.jsonl").write_text(json.dumps(rows))
    with pytest.raises(InputError, match=r"^a\.jsonl, row 1, column 'size': must be a number"):
        encoded_rows(Path("a.jsonl"), ENCODERS)
