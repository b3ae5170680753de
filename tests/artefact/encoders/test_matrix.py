import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lightning_kit.artefact.encoders import RawRowsError, encode, feature_names, fit_encoders

ROWS: dict[str, list[Any]] = {
    "size": ["1.5", "", "2.5", "10"],
    "colour": ["red", "blue", "red", None],
    "bought": ["2024-01-31", "2024-02-01T12:00", "", "2024-03-01"],
    "unused": ["x", "y", "z", "w"],
}
KINDS = {"colour": "category", "size": "number", "bought": "date"}


def test_columns_come_in_the_order_of_the_kinds() -> None:
    encoders = fit_encoders(ROWS, KINDS)
    assert [encoder["column"] for encoder in encoders] == ["colour", "size", "bought"]
    names = feature_names(encoders)
    features = encode(ROWS, encoders)
    assert features.dtype == np.float32
    assert features.shape == (4, len(names)) == (4, 13)
    assert features[:, names.index("colour=red")].tolist() == [1, 0, 1, 0]
    assert features[:, names.index("size")].tolist() == [1.5, 2.5, 2.5, 10]
    assert features[:, names.index("bought is missing")].tolist() == [0, 0, 1, 0]


def test_encoders_are_plain_values(tmp_path: Path) -> None:
    encoders = fit_encoders(ROWS, KINDS)
    torch.save(encoders, tmp_path / "encoders.pt")
    copies = [
        json.loads(json.dumps(encoders, allow_nan=False)),
        pickle.loads(pickle.dumps(encoders)),
        torch.load(tmp_path / "encoders.pt", weights_only=True),
    ]
    for copy in copies:
        assert copy == encoders
        assert (encode(ROWS, copy) == encode(ROWS, encoders)).all()


def test_encoding_rows_one_by_one_is_encoding_them_together() -> None:
    encoders = fit_encoders(ROWS, KINDS)
    alone = [
        encode({name: [cells[row]] for name, cells in ROWS.items()}, encoders) for row in range(4)
    ]
    assert (np.concatenate(alone) == encode(ROWS, encoders)).all()


def test_encoding_changes_neither_rows_nor_encoders() -> None:
    encoders = fit_encoders(ROWS, KINDS)
    before = json.dumps([ROWS, encoders])
    sizes = np.array([1.0, np.nan])
    columns: dict[str, Any] = {"size": sizes, "colour": ["red"] * 2, "bought": ["2024-01-31"] * 2}
    encode(columns, encoders)
    encode(ROWS, encoders)
    assert json.dumps([ROWS, encoders]) == before
    assert np.isnan(sizes[1])


def test_no_rows_are_an_empty_matrix() -> None:
    empty: dict[str, list[Any]] = {name: [] for name in ROWS}
    assert encode(empty, fit_encoders(ROWS, KINDS)).shape == (0, 13)


def test_a_missing_column_is_named_with_the_nearest() -> None:
    encoders = fit_encoders(ROWS, KINDS)
    rows = {**ROWS, "sise": ROWS["size"]}
    del rows["size"]
    with pytest.raises(RawRowsError, match=r"column 'size': is missing .*did you mean 'sise'\?"):
        encode(rows, encoders)
    with pytest.raises(RawRowsError, match=r"column 'zzz': is missing .*columns: size, colour"):
        fit_encoders(ROWS, {"zzz": "number"})


def test_columns_of_different_lengths_are_refused() -> None:
    encoders = fit_encoders(ROWS, KINDS)
    with pytest.raises(
        RawRowsError, match="'size': must have the 4 rows of column 'colour', got 1"
    ):
        encode({**ROWS, "size": ["1"]}, encoders)


def test_unknown_kinds_and_no_encoders_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must be one of .*'number'.*, got 'image'"):
        encode(ROWS, [{"kind": "image", "column": "size"}])
    with pytest.raises(ValueError, match="encoders must be at least one"):
        encode(ROWS, [])
