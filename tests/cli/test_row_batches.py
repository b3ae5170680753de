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


@pytest.mark.parametrize("first", [(1, 2, 3), ["text"], {"a": "text"}])
def test_another_kind_of_batch_is_refused(file: Path, first: Any) -> None:
    with pytest.raises(InputError, match="^--rows: "):
        RowBatches(file, first)
