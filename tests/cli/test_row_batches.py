from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from programs.artefacts import ENCODERS

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.row_batches import RowBatches


@pytest.fixture
def file() -> Path:
    np.savez("rows.npz", input=[[1.0], [2.0], [3.0]], a=[1.0, 2.0, 3.0], b=[4, 5, 6])
    return Path("rows.npz")


def test_a_bare_input(file: Path) -> None:
    batches = RowBatches(file, torch.zeros(2, 1))
    assert len(batches) == 2
    assert [batch.tolist() for batch in batches] == [[[1], [2]], [[3]]]


def test_a_pair_gets_targets_of_zeros(file: Path) -> None:
    first = (torch.zeros(2, 1), torch.ones(2, 4, dtype=torch.int64))
    batches = list(RowBatches(file, first))
    assert [len(batch) for batch in batches] == [2, 2]
    assert batches[1][1].tolist() == [[0, 0, 0, 0]]
    assert batches[1][1].dtype is torch.int64


def test_a_tuple_of_one_and_a_dict(file: Path) -> None:
    assert [len(batch) for batch in RowBatches(file, (torch.zeros(3, 1),))] == [1]
    (batch,) = RowBatches(file, {"a": torch.zeros(3), "b": torch.zeros(3, dtype=torch.int32)})
    assert {name: value.tolist() for name, value in batch.items()} == {
        "a": [1, 2, 3], "b": [4, 5, 6],
    }  # fmt: skip


def test_cells_go_through_encoders() -> None:
    Path("rows.csv").write_text("colour,size\nred,1.5\nblue,2\ngreen,3\n")
    first = (torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64))
    batches = list(RowBatches(Path("rows.csv"), first, ENCODERS))
    assert [batch[0].tolist() for batch in batches] == [[[1.5, 0, 1], [2, 1, 0]], [[3, 0, 0]]]
    assert [batch[1].tolist() for batch in batches] == [[0, 0], [0]]


@pytest.mark.parametrize(
    ("first", "size", "gives"),
    [
        (torch.zeros(2, 3, 4, 4), [4, 4], "float32 (3, 4, 4)"),
        (torch.zeros(2, 3, 4, 4), None, "float32 (3, H, W)"),
        (torch.zeros(2, 3, 5, 4, dtype=torch.uint8), [4, 4], "uint8 (3, 5, 4)"),
        (torch.zeros(2, 4, 4, 3, dtype=torch.uint8), None, "uint8 (4, H, W)"),
        (torch.zeros(2, 48, dtype=torch.uint8), None, "uint8 (48,)"),
    ],
)
def test_encoded_rows_are_as_the_loaders(first: Any, size: Any, gives: str) -> None:
    np.savez("rows.npz", picture=np.zeros((2, 4, 4, 3), np.uint8))
    encoders = [{"kind": "image", "column": "picture", "mode": "RGB", "size": size}]
    with pytest.raises(InputError) as caught:
        RowBatches(Path("rows.npz"), (first, torch.zeros(2)), encoders)
    message = str(caught.value)
    assert message.startswith("--rows: the predict data must give what its encoders make, uint8 (3")
    assert f"got {gives} a row: " in message
    assert message.endswith("scaling belongs into preprocess")


def test_pictures_of_any_size_are_as_the_loaders() -> None:
    np.savez("rows.npz", picture=np.zeros((2, 4, 5, 3), np.uint8))
    encoders = [{"kind": "image", "column": "picture", "mode": "RGB", "size": None}]
    first = torch.zeros(2, 3, 7, 7, dtype=torch.uint8)
    assert [len(batch) for batch in RowBatches(Path("rows.npz"), first, encoders)] == [1, 1]


def test_no_row_is_no_batch() -> None:
    np.savez("rows.npz", size=np.zeros(0), colour=np.zeros(0, "U1"))
    assert len(RowBatches(Path("rows.npz"), torch.zeros(2, 3), ENCODERS)) == 0


def test_encoders_make_one_input_and_no_other() -> None:
    Path("rows.csv").write_text("colour,size\nred,1.5\n")
    first = {"left": torch.zeros(2, 3), "right": torch.zeros(2, 3)}
    with pytest.raises(InputError, match=r"--rows: .* one input named input, got left, right: "):
        RowBatches(Path("rows.csv"), first, ENCODERS)


@pytest.mark.parametrize("first", [(1, 2, 3), ["text"], {"a": "text"}])
def test_another_kind_of_batch_is_refused(file: Path, first: Any) -> None:
    with pytest.raises(InputError, match="^--rows: "):
        RowBatches(file, first)
