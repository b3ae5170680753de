"""Each check of the same work can fail."""

import pytest
import torch

from benchmarks.harness.same_work import (
    DifferentWork,
    Outcome,
    same_files,
    same_scores,
    same_value,
    same_weights,
)

ONE = torch.tensor([1.0])
NEXT = torch.nextafter(ONE, torch.tensor(2.0))


def test_weights_differ_in_one_bit_or_in_number() -> None:
    same_weights({"a": Outcome([ONE]), "b": Outcome([ONE.clone()])})
    for other in ([NEXT], [ONE, ONE], []):
        with pytest.raises(DifferentWork, match="b and a end with different weights"):
            same_weights({"a": Outcome([ONE]), "b": Outcome(other)})


def scores(*values: float) -> Outcome:
    return Outcome([], {"loss": list(values)})


def test_scores_differ_in_value_in_number_or_are_missing() -> None:
    same_scores({"a": scores(1, 2), "b": scores(1, 2.000001)}, ["loss"])
    with pytest.raises(DifferentWork, match=r"b logged loss=2.000001 and a 2 at the 2. time"):
        same_scores({"a": scores(1, 2), "b": scores(1, 2.000001)}, ["loss"], relative=0)
    with pytest.raises(DifferentWork, match="b logged loss 1 times, a 2 times"):
        same_scores({"a": scores(1, 2), "b": scores(1)}, ["loss"])
    with pytest.raises(DifferentWork, match="a never logged f1"):
        same_scores({"a": scores(1), "b": scores(1)}, ["f1"])
    with pytest.raises(DifferentWork, match="nan"):
        same_scores({"a": scores(1), "b": scores(float("nan"))}, ["loss"])


def test_kept_files_differ() -> None:
    same_files({"a": Outcome([], kept=[1, 2]), "b": Outcome([], kept=[1, 2])})
    with pytest.raises(DifferentWork, match=r"b kept the epochs \[1, 3\], a \[1, 2\]"):
        same_files({"a": Outcome([], kept=[1, 2]), "b": Outcome([], kept=[1, 3])})


def test_values_differ() -> None:
    same_value({"a": 1, "b": 1})
    with pytest.raises(DifferentWork, match="b gave 2, a 1"):
        same_value({"a": 1, "b": 2})
