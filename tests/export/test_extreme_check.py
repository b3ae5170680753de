from typing import Any

import numpy as np

from lightning_kit.artefact.encoders import encode, fit_encoders
from lightning_kit.export.asking import Answers
from lightning_kit.export.extreme_check import ExtremeVerdict, check_extremes
from lightning_kit.export.extremes import extremes
from lightning_kit.export.samples import Samples
from lightning_kit.export.tolerance import TOLERANCES

FLOAT32 = TOLERANCES["float32"]
X = Samples({"x": np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)})
ROWS: dict[str, Any] = {"size": [1.0, 2.0, 4.0], "colour": ["red", "blue", "green"]}
TABLE = Samples(ROWS)
ENCODERS = fit_encoders(ROWS, {"size": "number", "colour": "category"})


def check(answer: Any, candidate: Any, samples: Samples = X, encoders: Any = None) -> Any:
    rows = extremes(samples.rows, encoders)
    return check_extremes(answer, candidate, samples, rows, FLOAT32)


def table(rows: Any, order: Any = ()) -> Answers:
    features = encode(rows, ENCODERS)
    if len(order):
        features = features[:, order]
    return {"y": features @ np.array([1.0, 10, 20, 30], np.float32)}


def test_encoders_that_agree_pass() -> None:
    assert check(table, table, TABLE, ENCODERS) == ExtremeVerdict(tried=12)


def test_a_category_that_no_sample_has_is_compared() -> None:
    seen = Samples({"size": [1.0, 2.0], "colour": ["red", "red"]})

    def swapped(rows: Any) -> Answers:
        return table(rows, [0, 2, 1, 3])  # blue and green; red stays

    assert check(table, swapped, seen, ENCODERS).reason.startswith("colour is 'blue': output 'y'")


def test_an_unknown_category_is_compared() -> None:
    def guesses(rows: Any) -> Answers:
        known = ["red" if cell not in ROWS["colour"] else cell for cell in rows["colour"]]
        return table({**rows, "colour": known})

    assert check(table, guesses, TABLE, ENCODERS).reason.startswith("colour missing: output 'y'")


def test_a_row_that_the_module_refuses_is_told_and_no_fault() -> None:
    def refuses(rows: Any) -> Answers:
        if np.isinf(rows["x"]).any():
            raise ValueError("must be finite")
        return {"y": rows["x"]}

    found = check(refuses, lambda rows: {"y": rows["x"]})
    assert found.reason == ""
    assert found.refused == ["x all inf", "x all -inf", "x half inf"]


def test_neighbours_of_an_extreme_row_keep_their_answers() -> None:
    def answer(rows: Any) -> Answers:
        return {"y": rows["x"][:, 0]}

    def infected(rows: Any) -> Answers:
        return {"y": rows["x"][:, 0] + 1e-3 * rows["x"][1:2, 0].mean()}

    assert check(answer, infected).reason.startswith("x all 2.3")


def test_what_rounding_of_the_input_decides_is_not_held_against_a_file() -> None:
    def waves(rows: Any, scale: float = 1.0) -> Answers:
        with np.errstate(invalid="ignore"):
            return {"y": np.sin(rows["x"] * np.float32(scale))}

    assert check(waves, lambda rows: waves(rows, 1 + 1e-7)).reason == ""


def test_a_constant_over_its_own_spread_is_not_held_against_a_file() -> None:
    def normalised(rows: Any, rounding: float = 0.0) -> Answers:
        x = rows["x"].astype(np.float64) + rounding * np.array([1, -1, 0])
        with np.errstate(invalid="ignore"):
            centred = x - x.mean(axis=1, keepdims=True)
            return {"y": centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)}

    assert check(normalised, lambda rows: normalised(rows, 1e-7)).reason == ""


def test_a_class_without_a_score_is_not_compared_where_nothing_has_an_order() -> None:
    def least(rows: Any) -> Answers:
        return {"prediction": rows["x"].argmin(axis=1)}

    def ignores_nan(rows: Any) -> Answers:
        filled = np.where(np.isnan(rows["x"]), np.inf, rows["x"])
        return {"prediction": filled.argmin(axis=1)}

    assert check(least, ignores_nan).reason == ""

    def wrong(rows: Any) -> Answers:
        return {"prediction": (rows["x"].argmin(axis=1) + 1) % 3}

    assert "output 'prediction'" in check(least, wrong).reason


def test_sixty_four_bits_cut_to_thirty_two_are_found() -> None:
    samples = Samples({"time": np.array([[1700000000], [1700000001]])})

    def answer(rows: Any) -> Answers:
        return {"y": rows["time"][:, 0] % 1000}

    def cut(rows: Any) -> Answers:
        return {"y": (rows["time"][:, 0].astype(np.int32) % 1000).astype(np.int64)}

    assert check(answer, answer, samples).reason == ""
    np.testing.assert_array_equal(answer(samples.rows)["y"], cut(samples.rows)["y"])
    assert check(answer, cut, samples).reason.startswith("time ")


def test_an_input_must_be_finite_where_the_file_disagrees_on_nothing_else() -> None:
    def answer(rows: Any) -> Answers:
        return {"y": rows["x"]}

    def forgets_nan(rows: Any) -> Answers:
        return {"y": np.nan_to_num(rows["x"], posinf=np.inf, neginf=-np.inf)}

    def raises(rows: Any) -> Answers:
        if np.isnan(rows["x"]).any():
            raise RuntimeError("no NaN")
        return answer(rows)

    for candidate in (forgets_nan, raises):
        found = check(answer, candidate)
        assert (found.reason, found.finite) == ("", ["x"])


def test_a_row_that_is_made_up_and_has_no_number_is_not_compared() -> None:
    samples = Samples({"x": np.array([[1], [2], [3]])})

    def root(rows: Any, otherwise: float = np.nan) -> Answers:
        x = rows["x"].astype(np.float64)
        with np.errstate(invalid="ignore"):
            return {"y": np.where(x < 0, otherwise, np.sqrt(x))}

    found = check(root, lambda rows: root(rows, 5.0), samples)
    assert (found.reason, found.refused) == ("", [f"x {-(2**63)} at 0: not finite"])


def test_a_lossy_file_may_round_but_must_have_a_number_where_the_module_has() -> None:
    def answer(rows: Any) -> Answers:
        return {"y": rows["x"], "z": np.zeros_like(rows["x"])}

    def half(rows: Any) -> Answers:
        with np.errstate(over="ignore"):
            return {
                "y": rows["x"].astype(np.float16).astype(np.float32),
                "z": np.zeros_like(rows["x"]),
            }

    def clips(rows: Any) -> Answers:
        return {"y": np.clip(np.nan_to_num(rows["x"]), -9, 9), "z": np.zeros_like(rows["x"])}

    def y_alone(rows: Any) -> Answers:
        return {"y": rows["x"]}

    rows = extremes(X.rows, None)
    found = check_extremes(answer, half, X, rows, FLOAT32, lossy=True)
    assert (found.reason, found.finite, found.overflow) == ("", [], ["y"])
    found = check_extremes(answer, clips, X, rows, FLOAT32, lossy=True)
    assert (found.reason, found.finite, found.overflow) == ("", ["x"], [])
    found = check_extremes(answer, y_alone, X, rows, FLOAT32, lossy=True)
    assert found.reason.startswith("x all 0: output 'z', is missing")


def test_cells_that_are_missing_are_no_numbers_that_are_not_finite() -> None:
    rows: dict[str, Any] = {"size": np.array([1.0, np.nan]), "colour": ["red", "blue"]}

    def guesses(rows: Any) -> Answers:
        filled = [9.0 if cell is None or cell != cell else cell for cell in rows["size"]]
        return table({**rows, "size": filled})

    found = check_extremes(
        table, guesses, Samples(rows), extremes(rows, ENCODERS), FLOAT32, cells=True
    )
    assert "output 'y'" in found.reason
