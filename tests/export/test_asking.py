from typing import Any

import numpy as np
import pytest

from lightning_kit.export.asking import Answers, WrongAnswer, ask

ROWS: dict[str, Any] = {"x": np.arange(10.0), "name": [str(row) for row in range(10)]}


def double(rows: Any) -> Answers:
    return {"y": rows["x"] * 2, "size": np.full(len(rows["x"]), len(rows["name"]))}


@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 5), (2, [2, 2, 2, 2, 1]), (9, [5] * 5)])
def test_rows_come_back_in_the_order_asked(size: int, sizes: list[int]) -> None:
    answers = ask(double, ROWS, np.array([9, 0, 3, 3, 7]), size)
    assert answers["y"].tolist() == [18, 0, 6, 6, 14]
    assert answers["size"].tolist() == sizes


def test_no_call_sees_what_another_did_to_its_rows() -> None:
    def spoil(rows: Any) -> Answers:
        rows["x"] += 1
        return {"y": rows["x"]}

    assert ask(spoil, ROWS, np.array([0, 0]), 1)["y"].tolist() == [1, 1]
    assert ROWS["x"][0] == 0


def test_memory_that_is_used_again_is_copied() -> None:
    memory = np.zeros(1)

    def reuse(rows: Any) -> Answers:
        memory[:] = rows["x"]
        return {"y": memory}

    assert ask(reuse, ROWS, np.arange(3), 1)["y"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "no outputs"),
        ({"y": np.zeros(3)}, r"'y' must have the 2 rows asked for, got shape \(3,\)"),
        ({"y": np.float32(1)}, r"got shape \(\)"),
    ],
)
def test_answers_without_the_rows_are_refused(answers: Answers, said: str) -> None:
    with pytest.raises(WrongAnswer, match=said):
        ask(lambda rows: answers, ROWS, np.arange(2), 2)


def test_answers_that_change_shape_are_refused() -> None:
    with pytest.raises(WrongAnswer, match="at every call"):
        ask(lambda rows: {"y": np.zeros((1, int(rows["x"][0])))}, ROWS, np.arange(3), 1)
