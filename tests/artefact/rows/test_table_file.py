from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.table_file import TableFile


def test_cells_of_text_files_stay_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('size,colour\n1.50,red\n,"a,b"\n007,\n')
    (tmp_path / "a.tsv").write_text("size\tcolour\n1.50\tred\n\ta,b\n007\t\n")
    for name in ("a.csv", "a.tsv"):
        table = TableFile(str(tmp_path / name))
        assert table.names == ["size", "colour"]
        assert table.cells("size").tolist() == ["1.50", "", "007"]
        assert table.cells("colour").tolist() == ["red", "a,b", ""]
        assert table.cells("colour", np.array([2, 0])).tolist() == ["", "red"]


def test_parquet_cells_are_plain(tmp_path: Path) -> None:
    columns = {
        "whole": pa.array([1, None], pa.int64()),
        "real": pa.array([0.5, None], pa.float32()),
        "exact": pa.array([Decimal("1.25"), None]),
        "truth": pa.array([True, None]),
        "text": pa.array(["a", None]).dictionary_encode(),
        "day": pa.array([date(2024, 1, 2), None]),
        "time": pa.array([datetime(2024, 1, 2, 3), None], pa.timestamp("s")),
        "nothing": pa.nulls(2),
    }
    folder = tmp_path / "year=2024"
    folder.mkdir()
    pq.write_table(pa.table(columns), folder / "a.parquet")
    table = TableFile(str(folder / "a.parquet"))
    assert table.names == list(columns)
    first = [table.cells(name)[0] for name in columns]
    assert first == [1, 0.5, 1.25, True, "a", "2024-01-02", "2024-01-02 03:00:00.000", None]
    for name in columns:
        missing = table.cells(name)[1]
        assert missing is None or np.isnan(missing)


def test_rows_are_taken_across_chunks(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": np.arange(100)}), tmp_path / "a.parquet", row_group_size=7)
    rows = np.array([3, 50, 99])
    assert TableFile(str(tmp_path / "a.parquet")).cells("a", rows).tolist() == [3, 50, 99]


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view"])
def test_rows_of_any_text_are_taken(tmp_path: Path, kind: str) -> None:
    text = pa.array(["x", None, "z"]).cast(getattr(pa, kind)())
    pq.write_table(pa.table({"a": text}), tmp_path / "a.parquet")
    table = TableFile(str(tmp_path / "a.parquet"))
    assert table.cells("a").tolist() == ["x", None, "z"]
    assert table.cells("a", np.array([2, 1])).tolist() == ["z", None]


def test_bom_quoted_newlines_and_carriage_returns_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n')
    table = TableFile(str(tmp_path / "a.csv"))
    assert table.names == ["a", "b"]
    assert table.cells("b").tolist() == ["x\r\ny"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must not be empty, has 0 bytes"),
        (b"\n\n", "must have a header line"),
        (b"a,b\n", "must have at least one row"),
        (b"a,b\n1,2\n3\n", "row 2: must have 2 cells, got 1"),
        (b"a,b\n1,2\n3,4\n5,6,7\n", "row 3: must have 2 cells, got 3"),
        (b"a,b\n1,x\n2,\xff\n", "row 2, column 'b': must be text in UTF-8"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00", "must be text in UTF-8"),
        (b"a,b,a\n1,2,3\n", "column 'a': must occur once, is there 2 times"),
        (b",a\n0,1\n", r"name of column 1 must not be empty \(.*index=False"),
        (b"a;b\n1;2\n", "must have its columns separated by commas, got 'a;b'"),
    ],
)
def test_a_bad_csv_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"bad\.csv(: |, ).*{message}"):
        TableFile(str(path))


def test_a_bad_row_beyond_the_first_block_is_counted_right(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "12345678,12345678\n" * 200_000 + "1\n")
    with pytest.raises(DataError, match="row 200001: must have 2 cells, got 1"):
        TableFile(str(path))


def test_a_broken_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": np.arange(10_000)}), path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"PAR1", whole[:4] + b"\0" * 5000 + whole[5004:]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"a\.parquet: cannot be read as Parquet"):
            TableFile(str(path))
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), path)
    with pytest.raises(DataError, match="column 'a': must occur once"):
        TableFile(str(path))
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), path)
    with pytest.raises(DataError, match="must have at least one row"):
        TableFile(str(path))


def test_a_missing_file_and_another_format_are_named(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("a\n1\n")
    (tmp_path / "notes.xlsx").write_text("x")
    with pytest.raises(DataError, match=r"trian\.csv: no such file \(did you mean .*train\.csv\?"):
        TableFile(str(tmp_path / "trian.csv"))
    with pytest.raises(DataError, match="must be a file, not a folder"):
        TableFile(str(tmp_path))
    with pytest.raises(DataError, match=r"notes\.xlsx: must end in one of \.csv, \.tsv, \.parquet"):
        TableFile(str(tmp_path / "notes.xlsx"))


def test_wrong_columns_are_named(tmp_path: Path) -> None:
    table = pa.table({"size": [1], "list": [[1, 2]], "bytes": [b"x"]})
    pq.write_table(table, tmp_path / "a.parquet")
    opened = TableFile(str(tmp_path / "a.parquet"))
    with pytest.raises(DataError, match=r"column 'sise': is missing \(did you mean 'size'\?"):
        opened.cells("sise")
    for name in ("list", "bytes"):
        with pytest.raises(DataError, match=f"column '{name}': must hold numbers, text, truth"):
            opened.cells(name)
