import numpy as np
import pytest

from lightning_kit.export.tolerance import TOLERANCES
from lightning_kit.export.top_answer import TopAnswer, top_answers

FLOAT32 = TOLERANCES["float32"]


def test_the_largest_score_explains_a_class() -> None:
    scores = np.random.default_rng(0).random((20, 3))
    answers = {"probabilities": scores, "prediction": scores.argmax(1)}
    assert top_answers(answers) == [TopAnswer("prediction", "probabilities", "largest")]


def test_thresholds_explain_labels() -> None:
    scores = np.random.default_rng(0).random((20, 3))
    labels = (scores > 0.5).astype(np.int64)
    assert top_answers({"p": scores, "y": labels}) == [TopAnswer("y", "p", "above 0.5")]
    logits = np.array([[-1.0], [2.0], [0.2]])
    answers = {"logits": logits, "y": np.array([False, True, True])}
    assert top_answers(answers) == [TopAnswer("y", "logits", "above 0")]


def test_pixels_and_sequences_are_explained_along_their_own_axis() -> None:
    pictures = np.random.default_rng(0).random((4, 3, 5, 6))
    assert top_answers({"p": pictures, "y": pictures.argmax(1)}) == [TopAnswer("y", "p", "largest")]
    tokens = np.random.default_rng(0).random((4, 7, 3))
    expected = [TopAnswer("y", "p", "largest", axis=2)]
    assert top_answers({"p": tokens, "y": tokens.argmax(2)}) == expected


def test_what_no_score_explains_is_left_alone() -> None:
    scores = np.random.default_rng(0).random((20, 3))
    wrong = scores.argmax(1)
    wrong[7] = (wrong[7] + 1) % 3
    counts = np.full(20, 12)
    assert top_answers({"p": scores, "y": wrong, "n": counts}) == []


@pytest.mark.parametrize(("gap", "may"), [(0.0, True), (1e-5, True), (1e-3, False)])
def test_a_flip_between_near_ties_alone_may_be(gap: float, may: bool) -> None:
    answers = {"p": np.array([[0.5 + gap, 0.5, 0.0]]), "y": np.array([0])}
    top = TopAnswer("y", "p", "largest")
    assert top.may_flip(answers, np.array([1]), FLOAT32).tolist() == [may]
    assert top.may_flip(answers, np.array([2]), FLOAT32).tolist() == [False]
    assert top.may_flip(answers, np.array([3]), FLOAT32).tolist() == [False]
    assert top.may_flip(answers, np.array([-1]), FLOAT32).tolist() == [False]


@pytest.mark.parametrize(("score", "may"), [(0.5, True), (0.500001, True), (0.51, False)])
def test_a_label_near_its_threshold_alone_may_flip(score: float, may: bool) -> None:
    answers = {"p": np.array([[score]]), "y": np.array([1])}
    top = TopAnswer("y", "p", "above 0.5")
    assert top.may_flip(answers, np.array([0]), FLOAT32).tolist() == [may]
    assert not top.may_flip(answers, np.array([2]), FLOAT32).any()


def test_infinite_scores_tie_and_nan_has_no_order() -> None:
    inf, nan = np.inf, np.nan
    scores = np.array([[inf, inf, 0], [inf, 0, 0], [nan, 0, 1], [-inf, -inf, -inf]])
    top = TopAnswer("y", "p", "largest")
    answers = {"p": scores, "y": np.zeros(4, np.int64)}
    assert top.may_flip(answers, np.ones(4, np.int64), FLOAT32).tolist() == [
        True, False, True, True,
    ]  # fmt: skip
