from typing import Any

import numpy as np
import pytest

from lightning_kit.artefact.encoders import encode, fit_encoders
from lightning_kit.export.extremes import Extreme, extremes


def by_name(found: list[Extreme]) -> dict[str, Extreme]:
    assert len({each.name for each in found}) == len(found)
    return {each.name: each for each in found}


def test_floats_get_nan_infinities_and_far_numbers() -> None:
    values = np.array([[1.0, -3.0, 2.0], [0.5, np.nan, 1.0]], np.float32)
    found = by_name(extremes({"x": values}, None))
    assert set(found) == {
        "x with NaN at 0", "x with NaN at 1", "x with NaN at 2", "x all nan", "x all inf",
        "x all -inf", "x all 0", "x all 3e+06", "x all -3e+06", "x half inf",
    }  # fmt: skip
    one: Any = found["x with NaN at 1"].rows["x"]
    assert one.shape == (1, 3)
    assert np.isnan(one).tolist() == [[False, True, False]]
    assert not np.isnan(values[0]).any()


def test_finite_numbers_are_nudged_in_their_last_digits_each_its_own_way() -> None:
    found = by_name(extremes({"x": np.ones((2, 9), np.float32)}, None))
    nudged = {name for name, each in found.items() if each.nudged}
    assert nudged == {"x all 0", "x all 1e+06", "x all -1e+06"}
    for name, size in (("x all 0", 1), ("x all 1e+06", 1e6)):
        middle = np.asarray(found[name].rows["x"])
        for other in found[name].nudged:
            gap = (np.asarray(other["x"], np.float64) - middle) / size
            assert 0 < np.abs(gap).max() < 1e-6
            assert {-1, 1} <= set(np.sign(gap).ravel())


def test_whole_numbers_reach_the_limits_of_their_type() -> None:
    found = by_name(extremes({"x": np.array([[3, -2]], np.int64)}, None))
    numbers = [int(name.split()[1]) for name in found if name.endswith("at 1")]
    assert numbers == [-(2**63), -2, 3, 2**31, 2**32 + 1, 2**63 - 1]
    small = by_name(extremes({"x": np.array([[3, 9, 4]], np.uint8)}, None))
    assert list(small) == [f"x {number} at {at}" for number in (0, 3, 9, 255) for at in range(3)]


def test_one_whole_number_at_a_time_changes_in_the_row_with_the_least_padding() -> None:
    rows = {"ids": np.array([[5, 0, 0], [5, 7, 0]]), "other": np.array([1.0, 2.0])}
    found = by_name(extremes(rows, None))
    assert np.asarray(found["ids 0 at 0"].rows["ids"]).tolist() == [[0, 7, 0]]
    assert np.asarray(found["ids 7 at 2"].rows["ids"]).tolist() == [[5, 7, 7]]
    assert np.asarray(found["ids 7 at 2"].rows["other"]).tolist() == [2.0]


def test_the_row_that_is_changed_is_a_finite_one() -> None:
    found = by_name(extremes({"x": np.array([[np.nan, 1], [2, 3]], np.float32)}, None))
    assert np.asarray(found["x with NaN at 0"].rows["x"])[0, 1] == 3
    assert found["x with NaN at 0"].not_finite == ["x"]
    assert found["x all 0"].not_finite == []


def test_truth_values_and_every_input_in_turn() -> None:
    rows = {"a": np.array([[True, False]]), "b": np.zeros((1, 2), np.float32)}
    found = by_name(extremes(rows, None))
    assert np.asarray(found["a all true"].rows["a"]).all()
    assert not np.asarray(found["a all false"].rows["a"]).any()
    changed = found["b all nan"].rows
    assert np.asarray(changed["a"]).tolist() == [[True, False]]
    assert np.isnan(np.asarray(changed["b"])).all()


def test_columns_get_what_encoders_know_and_do_not_know() -> None:
    rows = {
        "size": ["1.5", "", "2.5"],
        "colour": ["red", "blue", "red"],
        "day": ["2024-01-01", "2024-02-01", ""],
    }
    encoders = fit_encoders(rows, {"size": "number", "colour": "category", "day": "date"})
    found = by_name(extremes(rows, encoders))
    assert set(found) == {
        "size 0", "size 2.5e+06", "size -2.5e+06", "size missing", "size NaN", "size empty",
        "colour missing", "colour unknown", "colour empty", "colour is 'red'", "colour is 'blue'",
        "day missing", "day early", "day late",
    }  # fmt: skip
    # Each can be encoded, and the unknown category is none of those known.
    for each in found.values():
        assert encode(each.rows, encoders).shape == (1, 10)
    assert encode(found["colour unknown"].rows, encoders)[0, 2:4].tolist() == [0, 0]


@pytest.mark.parametrize(("size", "shape"), [([8, 8], (17, 9, 3)), (None, (5, 4, 3))])
def test_pictures_are_black_and_white(size: list[int] | None, shape: tuple[int, ...]) -> None:
    encoder = {"kind": "image", "column": "photo", "mode": "RGB", "size": size}
    rows = {"photo": [np.zeros((5, 4, 3), np.uint8)]}
    found = by_name(extremes(rows, [encoder]))
    assert list(found) == ["photo black", "photo white"]
    white: Any = found["photo white"].rows["photo"][0]
    assert white.shape == shape
    assert (white == 255).all()


def test_pictures_of_unknown_size_are_left_alone() -> None:
    encoder = {"kind": "image", "column": "photo", "mode": "L", "size": None}
    assert extremes({"photo": [b"png"]}, [encoder]) == []
