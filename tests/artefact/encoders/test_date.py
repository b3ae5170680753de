import math
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from lightning_kit.artefact.encoders import RawRowsError
from lightning_kit.artefact.encoders.date import encode, fit, names, read


def test_iso_text_and_dates_are_days_since_1970() -> None:
    cells = ["1970-01-02", "1970-01-01T12:00", "1969-12-31 18:00:00.000000", "2024-02-29"]
    assert read("d", cells).tolist() == [1, 0.5, -0.25, 19782]
    assert read("d", [date(1970, 1, 2), datetime(1970, 1, 1, 6)]).tolist() == [1, 0.25]
    assert read("d", np.array(["1970-01-03"], dtype="M8[D]")).tolist() == [2]


def test_times_with_a_zone_are_moved_to_utc() -> None:
    east = datetime(1970, 1, 2, 2, tzinfo=timezone(timedelta(hours=2)))
    cells = ["1970-01-02T00:00:00Z", "1970-01-02T02:00+02:00", east]
    assert read("d", cells).tolist() == [1, 1, 1]


def test_features_are_days_and_circles() -> None:
    # 2024-04-01 was a Monday: weekday 0 of 7, and April is month 3 of 12, a quarter turn.
    encoder = fit("d", ["2024-04-01", "2024-04-02"])
    assert names(encoder) == ["d days", "d month sin", "d month cos", "d weekday sin",
                              "d weekday cos"]  # fmt: skip
    features = encode(["2024-04-01"], encoder)
    np.testing.assert_allclose(features, [[19814, 1, 0, 0, 1]], atol=1e-12)


def test_the_hour_is_a_feature_where_training_had_one() -> None:
    encoder = fit("d", ["2024-04-01T06:00", "2024-04-01"])
    assert encoder["hour"]
    assert names(encoder)[-2:] == ["d hour sin", "d hour cos"]
    np.testing.assert_allclose(encode(["2024-04-01 06:00"], encoder)[0, -2:], [1, 0], atol=1e-9)
    assert not fit("d", ["2024-04-01T00:00"])["hour"]


@pytest.mark.parametrize("missing", ["", None, "NA", float("nan")])
def test_a_missing_date_is_the_median_day_of_no_month(missing: Any) -> None:
    encoder = fit("d", ["1970-01-11", missing, "1970-01-13"])
    assert encoder["fill"] == 11.0
    assert encode([missing], encoder).tolist() == [[11, 0, 0, 0, 0, 1]]
    assert names(encoder)[-1] == "d is missing"
    assert encode([missing], fit("d", ["1970-01-11"])).tolist() == [[10, 0, 0, 0, 0]]


@pytest.mark.parametrize("cell", ["31.01.2024", "2024-13-01", "2023-02-29", "now", 20240101, 0.5])
def test_what_is_no_iso_date_is_named(cell: Any) -> None:
    with pytest.raises(RawRowsError, match="row 2, column 'd': must be an ISO date"):
        read("d", ["2024-01-01", cell])


def test_a_column_without_a_date_cannot_be_fitted() -> None:
    with pytest.raises(RawRowsError, match="column 'd': must have a date in the training rows"):
        fit("d", [None])


def test_the_calendar_agrees_with_datetime_over_centuries() -> None:
    start = date(1899, 12, 25)
    days = [start + timedelta(days=37 * step) for step in range(2000)]
    features = encode([day.isoformat() for day in days], fit("d", [start.isoformat()]))
    for day, row in zip(days, features, strict=True):
        month, weekday = (day.month - 1) * math.tau / 12, day.weekday() * math.tau / 7
        expected = [(day - date(1970, 1, 1)).days, math.sin(month), math.cos(month),
                    math.sin(weekday), math.cos(weekday)]  # fmt: skip
        np.testing.assert_allclose(row, expected, atol=1e-9)


def test_times_of_one_day_keep_their_seconds_as_float32() -> None:
    start = datetime(2024, 4, 1, 12)
    times = [(start + timedelta(seconds=step)).isoformat() for step in range(-500, 501)]
    days = encode(times, fit("d", times))[:, 0].astype(np.float32)
    np.testing.assert_allclose(days * 86400, np.arange(-500, 501), atol=1e-3)
