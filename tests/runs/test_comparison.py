import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lightning_kit.runs.comparison import data_changed, metrics_apart, weights_apart, what_changed
from lightning_kit.runs.record import RunRecord

WEIGHTS = {"a": torch.tensor([1.0, math.nan]), "b": torch.tensor([2, 3])}


def test_the_same_weights_are_the_same_to_the_bit() -> None:
    found = weights_apart("weights", WEIGHTS, {k: v.clone() for k, v in WEIGHTS.items()})
    assert (found.differing, found.compared) == (0, 2)
    assert str(found) == "weights: all 2 are the same, bit for bit"


def test_the_largest_difference_is_named() -> None:
    other = {"a": torch.tensor([1.5, math.nan]), "b": torch.tensor([2, 5])}
    found = weights_apart("weights", WEIGHTS, other)
    assert str(found) == "weights: 2 of 2 differ, by 2 at most (b)"


@pytest.mark.parametrize(
    ("other", "largest"),
    [
        (torch.tensor([1.0, 0.0]), math.inf),
        (torch.tensor([1.0]), math.inf),
        (torch.tensor([1.0, math.nan], dtype=torch.float64), math.inf),
        (torch.tensor([1.0000001, math.nan]), 1.1920928955078125e-07),
    ],
)
def test_no_difference_is_too_small_and_none_is_missed(other: torch.Tensor, largest: float) -> None:
    found = weights_apart("weights", {"a": WEIGHTS["a"]}, {"a": other})
    assert (found.differing, found.largest) == (1, largest)


def test_a_zero_of_another_sign_and_a_missing_tensor_differ() -> None:
    signed = weights_apart("weights", {"a": torch.tensor(0.0)}, {"a": torch.tensor(-0.0)})
    assert signed.differing == 1
    assert signed.largest > 0
    assert weights_apart("weights", WEIGHTS, {"a": WEIGHTS["a"]}).where == "b"


def test_metrics_are_compared_line_by_line_without_times(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("step,val/loss,monitor/time/step_s,epoch_s\n1,0.5,3,1\n2,,4,2\n")
    second.write_text("step,val/loss,monitor/time/step_s,epoch_s\n1,0.25,5,1\n2,,6,7\n")
    assert metrics_apart("metrics", first, first).differing == 0
    found = metrics_apart("metrics", first, second)
    assert str(found) == "metrics: 1 of 3 differ, by 0.25 at most (val/loss, line 1)"
    second.write_text("step,val/loss\n1,0.5\n2,\n3,0.1\n")
    assert metrics_apart("metrics", first, second).largest == math.inf


def test_what_changed_names_versions_commit_and_host() -> None:
    record = RunRecord("x", git_commit="a", host="here")
    assert what_changed(record, record) == []
    other = replace(record, versions={**record.versions, "torch": "9"}, git_commit="b")
    torch_then = record.versions["torch"]
    assert what_changed(record, other) == [f"torch {torch_then} -> 9", "git commit a -> b"]


def test_data_that_was_dealt_otherwise_is_named_with_its_datamodule() -> None:
    before = {"Table": {"dealt": {"rows": 3, "content": "ab"}}, "epoch": 1, "Own": {"x": 1}}
    after = {"Table": {"dealt": {"rows": 3, "content": "cd"}}, "epoch": 2, "Own": {"x": 2}}
    assert data_changed(before, before) == []
    assert data_changed(before, after) == ["data of Table: content ab -> cd"]
    assert data_changed(before, {}) == []
