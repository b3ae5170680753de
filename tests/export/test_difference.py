import numpy as np
import pytest

from lightning_kit.export.difference import differences
from lightning_kit.export.tolerance import TOLERANCES

FLOAT32 = TOLERANCES["float32"]
LOGITS = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
ANSWERS = {"logits": LOGITS, "prediction": LOGITS.argmax(1)}


def test_the_same_answers_do_not_differ() -> None:
    found = differences([ANSWERS], ANSWERS, FLOAT32)
    assert [each.output for each in found] == ["logits", "prediction"]
    assert all(each.passed and each.share == each.largest == 0 for each in found)


def test_rounding_passes_and_more_is_placed() -> None:
    noise = np.random.default_rng(1).normal(size=LOGITS.shape).astype(np.float32)
    assert differences([ANSWERS], ANSWERS | {"logits": LOGITS + 1e-6 * noise}, FLOAT32)[0].passed
    wrong = LOGITS.copy()
    wrong[6, 2] += 0.01
    found = differences([ANSWERS], ANSWERS | {"logits": wrong}, FLOAT32)[0]
    assert not found.passed
    assert found.largest == pytest.approx(0.01, rel=1e-3)
    assert found.p99 == 0
    assert found.reason.startswith("row 7, element [2] must be ")
    assert "within" in found.reason


def test_what_lies_between_two_of_the_modules_own_answers_is_right() -> None:
    wide = ANSWERS | {"logits": LOGITS * np.float32(1.001)}
    between = ANSWERS | {"logits": LOGITS * np.float32(1.0005)}
    assert differences([ANSWERS, wide], between, FLOAT32)[0].passed
    assert not differences([ANSWERS], between, FLOAT32)[0].passed
    beyond = ANSWERS | {"logits": LOGITS * np.float32(1.002)}
    assert not differences([ANSWERS, wide], beyond, FLOAT32)[0].passed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"logits": None}, "is missing; there are prediction"),
        ({"more": LOGITS}, "is an output that the module does not have"),
        ({"logits": LOGITS[:1]}, "must be of shape (300, 4), got (1, 4)"),
        ({"logits": LOGITS[:, :, None]}, "must be of shape"),
        ({"prediction": ANSWERS["prediction"].astype(np.int32)}, "must be of type int64"),
        ({"prediction": LOGITS[:, 0]}, "must be of type int64, got float32"),
    ],
)
def test_outputs_must_be_those_of_the_module(change: dict[str, object], said: str) -> None:
    found = {name: v for name, v in (ANSWERS | change).items() if v is not None}
    reasons = [each.reason for each in differences([ANSWERS], found, FLOAT32)]
    assert sum(said in reason for reason in reasons) == 1


def test_nan_and_infinities_must_be_where_they_are_expected() -> None:
    special = np.array([[np.nan, np.inf, -np.inf, 1.0]])
    assert differences([{"y": special}], {"y": special}, FLOAT32)[0].passed
    for column, other in ((0, 0.0), (0, np.inf), (1, -np.inf), (1, 3e38), (2, np.nan), (3, np.nan)):
        wrong = special.copy()
        wrong[0, column] = other
        found = differences([{"y": special}], {"y": wrong}, FLOAT32)[0]
        assert found.share == found.largest == np.inf
        assert f"element [{column}]" in found.reason


def test_an_overflow_that_depends_on_the_batch_may_go_either_way() -> None:
    expected = [{"y": np.array([np.inf])}, {"y": np.array([3e38])}]
    assert differences(expected, {"y": np.array([np.inf])}, FLOAT32)[0].passed
    assert differences(expected, {"y": np.array([3e38])}, FLOAT32)[0].passed
    assert not differences(expected, {"y": np.array([np.nan])}, FLOAT32)[0].passed


def test_a_flip_of_a_tie_is_counted_and_a_flip_beyond_is_wrong() -> None:
    scores = np.array([[0.5, 0.5], [0.2, 0.8]])
    expected = {"p": scores, "y": np.array([0, 1])}
    tie = differences([expected], expected | {"y": np.array([1, 1])}, FLOAT32)[1]
    assert (tie.passed, tie.flips) == (True, 1)
    both = differences([expected], expected | {"y": np.array([1, 0])}, FLOAT32)[1]
    assert not both.passed
    assert both.reason == "row 2 must be 1, got 0, and 1 of 2 differ"


def test_unexplained_whole_numbers_are_compared_exactly() -> None:
    expected = {"count": np.array([2**40, 3])}
    wrapped = {"count": expected["count"].astype(np.int32).astype(np.int64)}
    found = differences([expected], wrapped, FLOAT32)[0]
    assert found.reason.startswith("row 1 must be 1.099512e+12, got 0")


def test_constant_and_empty_outputs_are_compared() -> None:
    constant = {"y": np.zeros((5, 1), np.float32)}
    assert differences([constant], constant, FLOAT32)[0].passed
    assert not differences([constant], {"y": constant["y"] + 1e-3}, FLOAT32)[0].passed
    empty = {"y": np.zeros((5, 0), np.float32)}
    assert differences([empty], empty, FLOAT32)[0].passed
