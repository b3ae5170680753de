import csv
from pathlib import Path

import pytest

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.table_readers import read_text

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


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        # Text columns alone.
        (
            'color,shape,label\n"red,round,a\nblue,flat,b\ngreen,flat",tall,a\nblue,flat,b\n',
            "2 to 4",
        ),
        ('a,b\nx,"one\ny,two"\n', "2 to 3"),
        # A swallowed row may have a quoted cell of its own, and a separator in it.
        ('name,x,place,y\n"bob,1,p,0\nal,2,p,1\ncy",3,"a, b",0\ndee,4,p,1\n', "2 to 4"),
        ('name,place,x\nbob,"a, b",1\n"cy,p,3\ndee","a, b",4\n', "3 to 4"),
    ],
)
def test_lines_with_the_headers_number_of_cells_are_rows(
    tmp_path: Path, text: str, lines: str
) -> None:
    message = rf"row \d: .* what look like rows, lines {lines} .*write its line breaks otherwise"
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def test_lines_with_another_number_of_cells_are_text(tmp_path: Path) -> None:
    rows = read(tmp_path, 'question,answer\nwhy,"Dear Bob\nthanks"\n1,2\n')
    assert rows[0]["answer"] == "Dear Bob\nthanks"
    rows = read(tmp_path, 'text\n"one\ntwo"\n')
    assert rows == [{"text": "one\ntwo"}]
