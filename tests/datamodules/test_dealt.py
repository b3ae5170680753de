from pathlib import Path

import pytest
import torch

from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.dealt import check_dealt, hash_of_file, hash_of_tensors


def test_a_hash_is_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"abc")
    (tmp_path / "c").write_bytes(b"abd")
    first, same, other = (hash_of_file(str(tmp_path / name)) for name in "abc")
    assert first == same != other
    rows = torch.arange(6.0).reshape(2, 3)
    assert hash_of_tensors(rows) == hash_of_tensors(rows.clone()) != hash_of_tensors(rows.flip(0))
    assert hash_of_tensors(rows) != hash_of_tensors(torch.tensor([[0.0, 1, 2], [3, 4, 6]]))
    assert hash_of_tensors(rows.T) == hash_of_tensors(rows.T.contiguous())


def test_all_that_differs_is_named() -> None:
    trained = {"rows": 200, "seed": 0, "content": "a"}
    check_dealt(None, trained, None, "")
    check_dealt(trained, None, None, "")
    check_dealt(trained, dict(trained), None, "")
    with pytest.raises(DataError, match=r"a.csv: .*: rows 200 -> 201; seed 0 -> 5; content \(so\)"):
        check_dealt(trained, {"rows": 201, "seed": 5, "content": "b"}, "a.csv", "so")
