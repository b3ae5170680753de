"""The same rows, whatever file they lie in."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from programs.artefacts import ENCODERS, PICTURE_ENCODERS

from lightning_kit.artefact import TensorSpec, encode_inputs, read_rows
from lightning_kit.artefact.rows import DataError

MATRIX = [TensorSpec("input", "float32", ("batch", 3))]
SIZES, COLOURS = [1.5, None, 3.0], ["red", "blue", "green"]


def write_table(file: Path) -> None:
    if file.suffix in (".csv", ".tsv"):
        cells = zip(["more", 1, 2, 3], ["colour", *COLOURS], ["size", 1.5, "NA", 3], strict=True)
        separator = "," if file.suffix == ".csv" else "\t"
        file.write_text("".join(separator.join(map(str, row)) + "\n" for row in cells))
    elif file.suffix == ".parquet":
        pq.write_table(pa.table({"size": SIZES, "colour": COLOURS}), file)
    elif file.suffix == ".jsonl":
        rows = [{"size": s, "colour": c} for s, c in zip(SIZES, COLOURS, strict=True)]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        np.savez(file, size=np.array([1.5, np.nan, 3]), colour=np.array(COLOURS))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl", ".npz"])
def test_a_table_in_every_format(tmp_path: Path, suffix: str) -> None:
    write_table(tmp_path / f"rows{suffix}")
    rows = read_rows(tmp_path / f"rows{suffix}", ENCODERS, MATRIX)
    assert list(rows) == ["size", "colour"]
    encoded = encode_inputs(rows, ENCODERS, MATRIX)["input"]
    assert encoded.tolist() == [[1.5, 0, 1], [2, 1, 0], [3, 0, 0]]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".npz", ".npy"])
def test_inputs_in_every_format(tmp_path: Path, suffix: str) -> None:
    file, values = tmp_path / f"rows{suffix}", np.arange(6.0).reshape(2, 3)
    if suffix == ".csv":
        file.write_text("input_0,input_1,input_2\n0,1,2\n3,4,5\n")
    elif suffix == ".jsonl":
        file.write_text("".join(json.dumps({"input": row}) + "\n" for row in values.tolist()))
    elif suffix == ".npz":
        np.savez(file, input=values)
    else:
        np.save(file, values)
    encoded = encode_inputs(read_rows(file, None, MATRIX), None, MATRIX)
    np.testing.assert_array_equal(encoded["input"], values.astype(np.float32))


@pytest.mark.parametrize("kind", ["binary", "large_binary", "binary_view", "string"])
def test_pictures_in_a_table(tmp_path: Path, kind: str) -> None:
    cells = ["YSBwaWN0dXJl", None] if kind == "string" else [b"a picture", None]
    column = pa.array(cells).cast(getattr(pa, kind)())
    pq.write_table(pa.table({"picture": column, "beside": [1, 2]}), tmp_path / "a.parquet")
    assert read_rows(tmp_path / "a.parquet", PICTURE_ENCODERS, MATRIX) == {"picture": cells}


def test_pictures_need_an_image_encoder(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a picture")
    for path in (tmp_path, tmp_path / "a.png"):
        rows = read_rows(path, PICTURE_ENCODERS, MATRIX)
        assert rows == {"picture": [b"a picture"]}
        with pytest.raises(DataError, match="takes no picture files .its columns are size, colour"):
            read_rows(path, ENCODERS, MATRIX)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.csv", None, r"gone\.csv: there is no such file \(looked from"),
        ("a.cvs", "size\n1\n", r"a\.cvs: must end in one of \.csv, .*, \.jsonl, \.npz"),
        ("a.csv", "", r"a\.csv: must not be empty"),
        ("a.csv", "sise,colour\n1,red\n", "column 'size': is missing .did you mean 'sise'"),
        ("a.csv", "size,colour\n1,red\n2\n", "row 2: must have 2 cells, got 1"),
        ("a.jsonl", "{", "row 1: must be JSON"),
        ("a.npz", "PK", "not a whole .npz file|pickled"),
        ("a.npy", "x", "holds one array, and the rows have columns, got 'size, colour'"),
        ("gone.png", None, "takes no picture files"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, content: Any, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        read_rows(tmp_path / name, ENCODERS, MATRIX)


def test_a_near_name_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("size\n1\n")
    with pytest.raises(DataError, match=r"did you mean .*rows\.csv\?"):
        read_rows(tmp_path / "row.csv", ENCODERS, MATRIX)
    with pytest.raises(DataError, match="there is no such file"):
        read_rows(tmp_path / "a.png", PICTURE_ENCODERS, MATRIX)
