import csv
from pathlib import Path

import pytest

from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.table_readers import read_text

ROWS = "".join(f"{row},red,{row / 2}\n" for row in range(1, 201))


def read(tmp_path: Path, text: str) -> list[dict[str, str]]:
    (tmp_path / "a.csv").write_text(text)
    rows: list[dict[str, str]] = read_text(tmp_path / "a.csv", ",").to_pylist()
    return rows


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        # Row 60 is in line 61, behind the header.
        ({60: '60,"red,30.0\n'}, "row 60: a quote that opens in line 61 is never closed"),
        (
            {60: '60,"red,30.0\n', 100: '100,"red",50.0\n'},
            "row 60: a quote that opens in line 61 is closed in the middle of a cell in line 101",
        ),
        (
            {60: '60,"red,30.0\n', 100: '100,red",50.0\n'},
            "row 60: .* what look like rows, lines 61 to 101",
        ),
        ({60: '60,"red,30.0\n', 61: ',red",\n'}, "row 60: .* what look like rows, lines 61 to 62"),
        ({1: '1,red,"0.5\n'}, "row 1: a quote that opens in line 2 is never closed"),
    ],
)
def test_a_quote_that_swallows_rows_is_named(
    tmp_path: Path, wrong: dict[int, str], message: str
) -> None:
    lines = ROWS.splitlines(keepends=True)
    text = "".join(wrong.get(row, line) for row, line in enumerate(lines, start=1))
    with pytest.raises(DataError, match=rf"a\.csv, {message}"):
        read(tmp_path, "id,colour,size\n" + text)


@pytest.mark.parametrize("rows", [ROWS, ROWS * 100], ids=["small", "above the csv module's limit"])
def test_a_quote_in_the_header_is_named(tmp_path: Path, rows: str) -> None:
    with pytest.raises(DataError, match="a quote that opens in line 1 is never closed"):
        read(tmp_path, 'id,"colour,size\n' + rows)
    assert csv.field_size_limit() == 131072


@pytest.mark.parametrize(
    "cell",
    [
        '"Dear Bob,\nthanks, see you, soon\n"',
        '"a ""word""\n\nand, another, one"',
        '"one\r\ntwo"',
        f'"{"long " * 100_000}\n"',
        # Right without a line break, and so with one elsewhere.
        '5" wide',
    ],
)
def test_a_cell_may_hold_lines(tmp_path: Path, cell: str) -> None:
    text = f'id,colour,size\n\n{ROWS}7,{cell},1\n8,"x\ny",2\n'
    (tmp_path / "a.csv").write_text(text, newline="")
    rows = read_text(tmp_path / "a.csv", ",").to_pylist()
    unquoted = cell.strip('"').replace('""', '"') if cell[0] == '"' else cell
    assert [row["colour"] for row in rows[200:]] == [unquoted, "x\ny"]


def test_lines_of_text_columns_alone_may_have_the_headers_number_of_cells(tmp_path: Path) -> None:
    rows = read(tmp_path, 'question,answer\nwhy,"Dear Bob\nthanks, me"\n1,2\n')
    assert rows[0]["answer"] == "Dear Bob\nthanks, me"
    rows = read(tmp_path, 'text\n"one\ntwo"\n')
    assert rows == [{"text": "one\ntwo"}]
