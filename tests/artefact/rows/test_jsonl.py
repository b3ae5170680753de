from pathlib import Path

import pytest

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.jsonl import read_jsonl


def read(text: str | bytes) -> dict[str, list[object]]:
    Path("a.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_jsonl(Path("a.jsonl"), ["x", "y"])


def test_a_line_a_row() -> None:
    text = '\ufeff{"x": 1, "y": "a\u2028b"}\r\n\n{"y": {"base64": "aGk="}, "x": [1], "z": 0}'
    assert read(text) == {"x": [1, [1]], "y": ["a\u2028b", b"hi"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"^a\.jsonl: must have at least one row"),
        ("\n\n", "must have at least one row"),
        ('{"x": 1, "y": 2}\n{"x": 1', r"^a\.jsonl, row 2: must be JSON"),
        ("[1, 2]", r"row 1: must be a JSON object, got '\[1, 2\]'"),
        ('{"x": 1, "Y": 2}', r"row 1, column 'y': is missing in the row.*\(columns: x, Y\)"),
        ('{"x": 1, "y": {"a": 1}}', "row 1, column 'y': an object must be"),
        (b'{"x": "\xff"}', "row 1: must be text in UTF-8"),
        ('{"x": ' + "[" * 100_000, "row 1: must be JSON"),
    ],
)
def test_what_is_wrong_is_named(text: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(text)
