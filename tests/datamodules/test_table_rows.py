import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.table_rows import TableRows

CSV = "size,colour\n1,red\n2,blue\n,red\nx,red\n"


@pytest.fixture
def table(tmp_path: Path) -> TableFile:
    (tmp_path / "a.csv").write_text(CSV)
    return TableFile(str(tmp_path / "a.csv"))


def test_rows_are_raw_columns(table: TableFile) -> None:
    rows = TableRows(table, np.array([0, 2]))
    assert list(rows) == ["size", "colour"]
    assert len(rows) == 2
    assert "size" in rows
    assert "sise" not in rows
    assert rows["size"].tolist() == ["1", ""]
    assert TableRows(table)["size"].tolist() == ["1", "2", "", "x"]


def test_fitted_on_some_rows_they_encode_others(table: TableFile) -> None:
    encoders = TableRows(table, np.array([0, 1])).fit({"size": "number", "colour": "category"})
    features = TableRows(table, np.array([2, 1])).encode(encoders)
    assert torch.equal(features, torch.tensor([[1.5, 0, 1], [2, 1, 0]]))


def test_a_wrong_cell_has_the_row_of_the_file(table: TableFile) -> None:
    message = r"a\.csv, row 4, column 'size': must be a number, got 'x'"
    with pytest.raises(DataError, match=message):
        TableRows(table, np.array([1, 3])).fit({"size": "number"})
    encoders = TableRows(table, np.array([0])).fit({"size": "number"})
    with pytest.raises(DataError, match=message):
        TableRows(table, np.array([3])).encode(encoders)
    with pytest.raises(DataError, match=r"a\.csv, column 'sise': is missing .*did you mean 'size'"):
        TableRows(table).encode([{**encoders[0], "column": "sise"}])


def test_plain_rows_are_json_and_encode_the_same(table: TableFile) -> None:
    rows = TableRows(table, np.array([0, 1, 2]))
    encoders = rows.fit({"size": "number", "colour": "category"})
    plain = json.loads(json.dumps(rows.plain(["size", "colour"]), allow_nan=False))
    assert plain == {"size": ["1", "2", ""], "colour": ["red", "blue", "red"]}
    from lightning_kit.artefact.encoders import encode

    assert (encode(plain, encoders) == rows.encode(encoders).numpy()).all()


def test_missing_numbers_are_none_in_plain_rows(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": [1, None], "b": [0.5, float("nan")]}), tmp_path / "a.parquet")
    rows = TableRows(TableFile(str(tmp_path / "a.parquet")))
    assert rows.plain(["a", "b"]) == {"a": [1, None], "b": [0.5, None]}


def test_rows_pickle(table: TableFile) -> None:
    again = pickle.loads(pickle.dumps(TableRows(table, np.array([1]))))
    assert again["colour"].tolist() == ["blue"]
