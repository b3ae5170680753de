"""What is remembered of files agrees with the meter, the options and the disk."""

from typing import Any

import pytest
import torch

from lightning_kit.callbacks.checkpoint_memory import (
    as_best_k,
    forget_surplus,
    undone_unless_written,
)
from lightning_kit.callbacks.model_checkpoint import ModelCheckpoint


def kept(scores: dict[str, float], **arguments: Any) -> ModelCheckpoint:
    callback = ModelCheckpoint(monitor="score", **arguments)
    callback.best_k_models = {name: torch.tensor(score) for name, score in scores.items()}
    return callback


def test_the_meter_has_the_files_and_their_order() -> None:
    callback = kept({"a": 0.5, "b": 0.25, "c": 0.75}, save_top_k=3)
    best = as_best_k(callback, latest_on_tie=False)
    assert list(best.kept) == ["b", "a", "c"]
    assert (best.k, best.mode) == (3, "min")
    assert as_best_k(kept({}, save_top_k=-1, mode="max"), latest_on_tie=True).k is None


@pytest.mark.parametrize(("mode", "left"), [("min", {"b", "a"}), ("max", {"a", "c"})])
def test_the_worst_beyond_k_are_forgotten(mode: Any, left: set[str]) -> None:
    callback = kept({"a": 0.5, "b": 0.25, "c": 0.75}, save_top_k=2, mode=mode)
    (gone,) = forget_surplus(callback)
    assert {gone} == {"a", "b", "c"} - left
    assert set(callback.best_k_models) == left
    assert callback.kth_best_model_path == "a"
    assert callback.kth_value == 0.5


@pytest.mark.parametrize("k", [3, 4, -1, 0])
def test_none_is_forgotten_that_fits(k: int) -> None:
    callback = kept({"a": 0.5, "b": 0.25, "c": 0.75}, save_top_k=k)
    assert forget_surplus(callback) == []
    assert len(callback.best_k_models) == 3


@pytest.mark.parametrize("written", [False, True])
def test_only_what_was_not_written_is_taken_back(written: bool) -> None:
    callback = kept({"a": 0.5})
    callback.best_model_path = "a"
    saves = [0]

    def save() -> None:
        with undone_unless_written(callback, lambda: saves[0]):
            callback.best_model_path = "b"
            callback.best_k_models["b"] = torch.tensor(0.25)
            saves[0] += written
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        save()
    assert callback.best_model_path == ("b" if written else "a")
    assert set(callback.best_k_models) == ({"a", "b"} if written else {"a"})
