"""The best k of what is offered."""

import math
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from lightning_kit.meters import BestK

NAN = math.nan


def test_a_name_is_kept_where_its_score_is_among_the_best() -> None:
    best = BestK(2, "min")
    assert best.kept == {}
    assert best.offer("a", 3.0) == []
    assert best.offer("b", 1.0) == []
    assert best.offer("c", 4.0) is None
    assert best.offer("d", 2.0) == ["a"]
    assert list(best.kept.items()) == [("b", 1.0), ("d", 2.0)]


def test_the_best_comes_first_in_either_mode() -> None:
    for mode, order in (("max", ["c", "b", "a"]), ("min", ["a", "b", "c"])):
        best = BestK(3, mode)  # type: ignore[arg-type]
        for name, score in (("b", 2), ("c", 3), ("a", 1)):
            best.offer(name, score)
        assert list(best.kept) == order


@pytest.mark.parametrize(("latest", "expected"), [(False, None), (True, ["a"])])
def test_a_tie_with_the_worst(latest: bool, expected: list[str] | None) -> None:
    best = BestK(2, "max", latest_on_tie=latest)
    for name, score in (("a", 1), ("b", 2)):
        best.offer(name, score)
    assert best.offer("c", 1) == expected


def test_of_equals_the_oldest_goes_first() -> None:
    best = BestK(2, "max", latest_on_tie=True)
    goes = [best.offer(name, 1.0) for name in "abcd"]
    assert goes == [[], [], ["a"], ["b"]]
    assert list(best.kept) == ["d", "c"]


def test_a_name_offered_again_replaces_its_entry() -> None:
    best = BestK(2, "max")
    best.offer("a", 1)
    assert best.offer("a", 0.5) == []  # there is room
    assert best.kept == {"a": 0.5}
    best.offer("b", 2)
    assert best.offer("a", 3) == []  # nothing to delete: its own file is written over
    assert list(best.kept.items()) == [("a", 3), ("b", 2)]


def test_one_file_of_one_name_is_written_over_by_better_ones_only() -> None:
    best = BestK(1, "max")
    answers = [best.offer("model.pt", score) for score in (1.0, 0.5, 2.0, 2.0)]
    assert answers == [[], None, [], None]
    assert best.kept == {"model.pt": 2.0}


def test_without_a_limit_everything_is_kept() -> None:
    best = BestK(None, "min")
    assert [best.offer(str(score), score) for score in range(50)] == [[]] * 50
    assert len(best.kept) == 50


@pytest.mark.parametrize("mode", ["min", "max"])
def test_nan_never_beats_a_number(mode: Any) -> None:
    best = BestK(2, mode)
    assert best.offer("a", NAN) == []
    assert best.offer("b", math.inf if mode == "min" else -math.inf) == []
    assert list(best.kept) == ["b", "a"]
    assert best.offer("c", NAN) is None
    assert best.offer("d", 0.0) == ["a"]
    assert best.offer("e", NAN) is None
    assert list(best.kept) == ["d", "b"]


def test_a_later_nan_replaces_an_earlier_one_on_a_tie_only() -> None:
    best = BestK(1, "max", latest_on_tie=True)
    assert best.offer("a", NAN) == []
    assert best.offer("b", NAN) == ["a"]
    assert best.offer("c", -1e30) == ["b"]
    assert best.offer("d", NAN) is None


@pytest.mark.parametrize(
    "score", [torch.tensor(2.0), torch.tensor(2), np.float32(2), np.int64(2), True + 1]
)
def test_any_kind_of_number_is_a_score_and_becomes_plain(score: Any, tmp_path: Any) -> None:
    best = BestK(1, "max")
    best.offer("a", 1.0)
    assert best.offer("b", score) == ["a"]
    assert best.kept == {"b": 2.0}
    torch.save(best.state_dict(), tmp_path / "state.pt")
    assert torch.load(tmp_path / "state.pt", weights_only=True) == best.state_dict()


def test_state_and_pickle_go_on_where_it_was() -> None:
    scores = [3.0, 1.0, 3.0, 2.0, NAN, 3.0, 4.0]
    whole = BestK(2, "max", latest_on_tie=True)
    answers = [whole.offer(str(at), score) for at, score in enumerate(scores)]
    for cut in range(len(scores) + 1):
        first = BestK(2, "max", latest_on_tie=True)
        head = [first.offer(str(at), scores[at]) for at in range(cut)]
        second = BestK(2, "max", latest_on_tie=True)
        second.load_state_dict(first.state_dict())
        for again in (second, pickle.loads(pickle.dumps(first))):
            tail = [again.offer(str(at), scores[at]) for at in range(cut, len(scores))]
            assert head + tail == answers


def test_what_it_gives_away_is_a_copy() -> None:
    best = BestK(2, "max")
    best.offer("a", 1)
    best.kept.clear()
    state = best.state_dict()
    state["scores"].clear()
    other = BestK(2, "max")
    other.load_state_dict(best.state_dict())
    other.offer("b", 2)
    assert best.kept == {"a": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, r"k must be at least 1 \(None keeps all\), got 0"),
        ({"k": -1}, r"k must be at least 1 \(None keeps all\), got -1"),
        ({"k": 1.5}, "k must be a whole number, at least 1, got 1.5"),
        ({"k": True}, "k must be a whole number, at least 1, got True"),
        ({"mode": "best"}, "mode must be 'min' or 'max', got 'best'"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BestK(**{"k": 1, "mode": "max", **arguments})
