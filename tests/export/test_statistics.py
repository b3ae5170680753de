import json
from typing import Any

import numpy as np

from lightning_kit.artefact.encoders import encode, fit_encoders
from lightning_kit.export.statistics import MOST, statistics

ROWS: dict[str, Any] = {
    "size": ["1.5", "", "2.5", "NA"],
    "colour": ["red", "blue", "red", ""],
    "day": ["1970-01-02", "1970-01-04", "", None],
}
ENCODERS = fit_encoders(ROWS, {"size": "number", "colour": "category", "day": "date"})


def test_columns_are_described_by_their_kind() -> None:
    inputs = {"input": encode(ROWS, ENCODERS)}
    found = statistics(ROWS, ENCODERS, inputs, of="training rows")
    assert (found["of"], found["rows"]) == ("training rows", 4)
    # (1.5 + 2.5) / 2 = 2, each 0.5 off.
    assert found["columns"] == {
        "size": {"count": 2, "missing": 2, "mean": 2.0, "std": 0.5, "min": 1.5, "max": 2.5},
        "colour": {"counts": {"red": 2, "blue": 1}, "missing": 1, "unknown": 0},
        "day": {"count": 2, "missing": 2, "mean": 2.0, "std": 1.0, "min": 1.0, "max": 3.0},
    }
    assert len(found["inputs"]["input"]["mean"]) == inputs["input"].shape[1]
    json.dumps(found, allow_nan=False)


def test_a_category_that_training_did_not_have_is_counted_apart() -> None:
    found = statistics({**ROWS, "colour": ["red", "pink", "grey", None]}, ENCODERS, {}, of="x")
    assert found["columns"]["colour"] == {"counts": {"red": 1}, "missing": 1, "unknown": 2}


def test_arrays_are_described_by_feature_and_pictures_by_channel() -> None:
    table = np.array([[1.0, np.nan], [3.0, np.inf]], np.float32)
    pictures = np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2)
    lone, wide = np.array([1, 2, 3]), np.ones((2, MOST + 1))
    rows: dict[str, Any] = {"table": table, "pictures": pictures}
    found = statistics(rows, None, {**rows, "lone": lone, "wide": wide}, of="x")["inputs"]
    assert found["table"]["mean"] == [2.0, None]
    assert found["table"]["missing"] == [0, 2]
    assert found["pictures"]["min"] == [0, 4, 8]
    assert found["lone"]["mean"] == 2.0
    assert found["wide"]["count"] == 2 * (MOST + 1)
    json.dumps(found, allow_nan=False)


def test_numbers_near_the_limit_stay_json() -> None:
    values: dict[str, Any] = {"x": np.array([1e300, -1e300])}
    found = statistics(values, None, values, of="x")
    assert found["inputs"]["x"]["std"] is None
    json.dumps(found, allow_nan=False)
