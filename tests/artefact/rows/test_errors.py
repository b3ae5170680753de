from pathlib import Path

import pytest

from lightning_kit.artefact.rows.errors import DataError


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DataError("must be a number"), "must be a number"),
        (DataError("must be a number", value="x"), "must be a number, got 'x'"),
        (DataError("must be a number", row=3, value=None), "row 3: must be a number"),
        (
            DataError(
                "must be a number",
                file=Path("a.csv"),
                row=3,
                column="age",
                value="old",
                way_out="leave it empty",
            ),
            "a.csv, row 3, column 'age': must be a number, got 'old' (leave it empty)",
        ),
    ],
)
def test_it_says_where_what_and_the_way_out(error: DataError, message: str) -> None:
    assert str(error) == message
    assert isinstance(error, ValueError)


def test_a_place_is_added_once() -> None:
    error = DataError("must be a number", row=3, column="age", value="old")
    place = {"file": "a.csv", "column": "when", "way_out": "leave it empty"}
    wanted = "a.csv, row 3, column 'age': must be a number, got 'old' (leave it empty)"
    assert str(error.placed(**place)) == str(error.placed(**place).placed(file="a.csv")) == wanted
    assert str(DataError("is odd").placed(file="a.csv", column="b")) == "a.csv, column 'b': is odd"
