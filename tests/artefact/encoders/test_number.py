from typing import Any

import numpy as np
import pytest

from lightning_kit.artefact.encoders import RawRowsError
from lightning_kit.artefact.encoders.number import encode, fit, names, read


def test_text_and_numbers_are_the_same_numbers() -> None:
    text = ["1", " 2.5 ", "-3e2", "+4", ".5"]
    numbers = [1, 2.5, -300, 4, 0.5]
    assert read("a", text).tolist() == read("a", numbers).tolist() == numbers
    assert read("a", np.array(numbers)).tolist() == numbers
    assert read("a", np.array([1, 2], dtype=np.uint8)).tolist() == [1, 2]
    assert read("a", [True, False]).tolist() == [1, 0]


@pytest.mark.parametrize("missing", ["", " ", "NA", None, float("nan"), "nan"])
def test_a_missing_cell_is_the_training_median_and_says_so(missing: Any) -> None:
    encoder = fit("a", ["1", missing, "4", "100"])  # median of 1, 4, 100
    assert encoder == {
        "kind": "number", "column": "a", "fill": 4.0, "offset": 0.0, "indicator": True,
    }  # fmt: skip
    assert encode(["7", missing], encoder).tolist() == [[7, 0], [4, 1]]
    assert names(encoder) == ["a", "a is missing"]


def test_without_missing_cells_in_training_there_is_no_indicator() -> None:
    encoder = fit("a", ["1", "2"])
    assert encode([None, "3"], encoder).tolist() == [[1.5], [3]]
    assert names(encoder) == ["a"]


@pytest.mark.parametrize(
    "cell", ["x", "1,5", "1_000", "0x10", "1 2", [1], {"a": 1}, b"1", "-", "?", 1j]
)
@pytest.mark.parametrize("others", [["1", "2"], [1, None], ["1", "NA"]])
def test_a_wrong_cell_is_named(cell: Any, others: list[Any]) -> None:
    with pytest.raises(RawRowsError, match="row 3, column 'a': must be a number, got"):
        read("a", [*others, cell, "x"])


@pytest.mark.parametrize("cell", ["inf", "-Infinity", float("inf"), 1e39, "-1e39", "1e400"])
def test_infinity_is_an_error_not_a_missing_cell(cell: Any) -> None:
    with pytest.raises(RawRowsError, match="row 2, column 'a': must be finite as a float32"):
        read("a", [1, cell])
    read("a", [3.4e38, "-3.4e38"])


def test_an_integer_beyond_every_float_is_named() -> None:
    with pytest.raises(RawRowsError, match="row 2, column 'a'"):
        read("a", [1, 10**400])


def test_a_column_without_a_number_cannot_be_fitted() -> None:
    with pytest.raises(RawRowsError, match="column 'a': must have a number in the training rows"):
        fit("a", ["", None])


def test_random_tables_agree_with_a_plain_reference() -> None:
    for seed in range(50):
        random = np.random.default_rng(seed)
        values = np.round(random.normal(size=30), 3)
        gaps = random.random(30) < random.choice([0, 0.3])
        cells = [
            random.choice(["", "NA", "nan"]) if gap else str(value)
            for value, gap in zip(values, gaps, strict=True)
        ]
        known = sorted(values[~gaps])
        middle = (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2
        features = encode(cells, fit("a", cells))
        np.testing.assert_allclose(features[:, 0], np.where(gaps, middle, values), rtol=1e-12)
        assert features.shape[1] == 1 + gaps.any()
        if gaps.any():
            assert (features[:, 1] == gaps).all()


def test_numbers_far_from_zero_keep_their_spread_as_float32() -> None:
    values = 1.7e9 + np.random.default_rng(0).normal(0, 100, 1000)
    encoder = fit("a", [*values.tolist(), None])
    features = encode([*values.tolist(), None], encoder).astype(np.float32)
    np.testing.assert_allclose(features[:-1, 0], values - np.median(values), atol=1e-4)
    assert features[-1].tolist() == [0, 1]  # the median is the fill and the offset


def test_an_encoder_without_an_offset_takes_nothing_off() -> None:
    assert encode(["3"], {"kind": "number", "column": "a", "fill": 1.0, "indicator": False}) == 3
