from pathlib import Path
from typing import Any

import pytest

from lightning_kit.artefact.encoders import RawRowsError
from lightning_kit.cli.wrong_row import wrong_row


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({}, "rows.csv: must be small"),
        ({"row": 2}, "rows.csv, row 2: must be small"),
        ({"column": "size"}, "rows.csv, column 'size': must be small"),
        ({"row": 2, "column": "size"}, "rows.csv, row 2, column 'size': must be small"),
    ],
)
def test_the_file_is_named_before_row_and_column(place: dict[str, Any], expected: str) -> None:
    assert str(wrong_row(Path("rows.csv"), RawRowsError("must be small", **place))) == expected


def test_of_a_folder_the_picture_is_named() -> None:
    for name in ("b.png", "a.jpg", "notes.txt"):
        Path(name).touch()
    error = RawRowsError("must be small", row=2, column="x", value=9, way_out="shrink it")
    message = str(wrong_row(Path(), error))
    assert message == "b.png, column 'x': must be small, got 9 (shrink it)"
