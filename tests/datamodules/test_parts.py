import numpy as np
import pytest
import torch

from lightning_kit.datamodules.parts import deal, take


def test_rows_are_dealt_out_and_prediction_gets_the_test_inputs() -> None:
    split = {"train": np.array([0, 3]), "val": np.array([1]), "test": np.array([2])}
    parts = deal(torch.arange(4) * 10, torch.arange(4), split)
    assert [take(parts, "train")[0].tolist(), take(parts, "val")[0].tolist()] == [[0, 30], [10]]
    target = take(parts, "test")[1]
    assert target is not None
    assert target.tolist() == [2]
    assert (take(parts, "predict")[0].tolist(), take(parts, "predict")[1]) == ([20], None)


def test_an_empty_part_is_refused_when_asked_for() -> None:
    split = {"train": np.array([0, 1]), "val": np.array([2]), "test": np.array([], dtype=int)}
    parts = deal(torch.arange(3), torch.arange(3), split)
    with pytest.raises(ValueError, match="fractions must give the test part rows"):
        take(parts, "test")
