from datetime import date
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder

from lightning_kit.artefact.encoders import RawRowsError
from lightning_kit.artefact.encoders.category import encode, fit, names, read


def test_categories_are_sorted_and_one_hot() -> None:
    encoder = fit("c", ["red", "blue", " red ", "Zürich"])
    assert encoder["categories"] == ["Zürich", "blue", "red"]
    assert names(encoder) == ["c=Zürich", "c=blue", "c=red"]
    assert encode(["red", "Zürich"], encoder).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_an_unknown_category_is_none_of_them() -> None:
    encoder = fit("c", ["a", "b"])
    assert encode(["c", "A", "a"], encoder).tolist() == [[0, 0], [0, 0], [1, 0]]


@pytest.mark.parametrize("missing", ["", "  ", None, float("nan")])
def test_a_missing_cell_is_a_category_where_training_had_one(missing: Any) -> None:
    with_missing, without = fit("c", ["b", missing]), fit("c", ["b"])
    assert names(with_missing) == ["c=b", "c is missing"]
    assert encode([missing, "b", "x"], with_missing).tolist() == [[0, 1], [1, 0], [0, 0]]
    assert encode([missing, "b"], without).tolist() == [[0], [1]]


def test_words_such_as_na_are_categories() -> None:
    assert fit("country", ["NA", "none", "DE"])["categories"] == ["DE", "NA", "none"]


def test_csv_parquet_and_json_call_a_category_the_same() -> None:
    assert read("c", ["3", 3, 3.0, np.float64(3), np.int8(3)]) == ["3"] * 5
    # 1 == True == 1.0 as keys of a dict, but not as categories.
    assert read("c", [1, True, 1.0, "true", False, 0]) == ["1", "true", "1", "true", "false", "0"]
    assert read("c", ["007", 2.5]) == ["007", "2.5"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("True", True), ("FALSE", False), ("3.0", 3), ("-3.00", -3.0), ("0", 0.0), ("-0.0", -0.0),
     ("2.5", 2.5), ("2.50", 2.5), ("-1.10", -1.1), ("0.00001", 1e-5), ("1e-05", 1e-5),
     ("0.30000000000000004", 0.1 + 0.2), ("12345678901234567890", 12345678901234567890)],
)  # fmt: skip
def test_text_of_a_number_or_a_truth_value_is_called_as_that_is(text: str, number: Any) -> None:
    assert read("c", [text]) == read("c", [number])


@pytest.mark.parametrize(
    "text", ["007", "+3", "1e5", "v1.10", "3.", ".0", "00.0", "1_000", "\u0663", "truex", "1.0.0"]
)
def test_a_code_stays_as_it_is(text: str) -> None:
    assert read("c", [text]) == [text]


@pytest.mark.parametrize("cells", [["1.1", "a", "1.10"], ["3.0", "3", "a"]])
def test_texts_that_are_one_category_are_warned_of(
    cells: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    fit("c", [*cells, "true", "True", 2.5, "2.50"])
    (message,) = caplog.messages
    first, last = sorted(cell for cell in cells if cell != "a")
    assert message.startswith(f"column 'c': {first!r} and {last!r} are one category, as both are")


def test_rows_without_any_known_category_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    encoder = fit("c", ["a", "b"])
    encode(["x"] * 9, encoder)
    encode(["x"] * 9 + ["a"], encoder)
    encode([None] * 10, encoder)
    assert not caplog.records
    encode([None] + ["x"] * 9, encoder)
    assert caplog.messages == [
        "column 'c': none of 10 rows has a category of the training rows, a, b, got 'x'"
    ]


@pytest.mark.parametrize("cell", [["a"], {"a": 1}, date(2024, 1, 1), b"a"])
def test_a_cell_without_a_text_is_named(cell: Any) -> None:
    with pytest.raises(RawRowsError, match="row 2, column 'c': must be text, a number or a truth"):
        read("c", ["a", cell])


def test_a_column_without_a_value_cannot_be_fitted() -> None:
    with pytest.raises(RawRowsError, match="column 'c': must have a value in the training rows"):
        fit("c", [None, " "])


def test_random_tables_agree_with_scikit_learn() -> None:
    for seed in range(50):
        random = np.random.default_rng(seed)
        train, other = random.choice(list("abcdefgh"), 12), random.choice(list("abcdefgh"), 12)
        reference = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        expected = reference.fit(train[:, None]).transform(other[:, None])
        encoder = fit("c", train.tolist())
        np.testing.assert_array_equal(encode(other.tolist(), encoder), expected)
        assert encoder["categories"] == reference.categories_[0].tolist()
