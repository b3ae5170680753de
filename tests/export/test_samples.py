import numpy as np
import pytest
import torch

from lightning_kit.export.errors import ExportError
from lightning_kit.export.samples import Samples


def test_a_tensor_is_the_input_called_input() -> None:
    samples = Samples.of(torch.ones(3, 2, requires_grad=True))
    assert list(samples.rows) == ["input"]
    np.testing.assert_array_equal(samples.rows["input"], np.ones((3, 2)))
    assert len(samples) == 3
    assert Samples.of(samples) is samples


def test_a_dict_of_tensors_keeps_its_names() -> None:
    samples = Samples.of({"a": torch.zeros(2), "b": np.ones(2)})
    assert list(samples.rows) == ["a", "b"]


@pytest.mark.parametrize("wrong", [3, "text", torch.tensor(1.0), None, {"a": 3}])
def test_anything_else_is_refused(wrong: object) -> None:
    with pytest.raises(ExportError, match=r"samples must be a tensor"):
        Samples.of(wrong)


def test_lengths_must_agree_and_there_must_be_a_row() -> None:
    with pytest.raises(ExportError, match=r"one length, got {'a': 2, 'target': 3}"):
        Samples({"a": [1, 2]}, target=np.zeros(3))
    with pytest.raises(ExportError, match=r"one length"):
        Samples({"a": [1, 2]}, inputs={"input": np.zeros((1, 2))})
    with pytest.raises(ExportError, match=r"at least one row"):
        Samples({"a": []})
    with pytest.raises(ExportError, match=r"at least one row"):
        Samples({})


def test_take_moves_everything_together() -> None:
    samples = Samples(
        {"a": ["x", "y", "z"], "b": np.array([0, 1, 2])},
        target=np.array([5, 6, 7]),
        inputs={"input": np.array([[1], [2], [3]])},
    ).take(np.array([2, 0]))
    assert samples.rows["a"] == ["z", "x"]
    assert samples.target is not None
    assert samples.inputs is not None
    assert samples.rows["b"].tolist() == [2, 0]  # type: ignore[union-attr]
    assert samples.target.tolist() == [7, 5]
    assert samples.inputs["input"].tolist() == [[3], [1]]


def test_rows_are_spread_over_all() -> None:
    samples = Samples({"a": np.arange(1000)})
    rows = samples.spread(256)
    assert (rows[0], rows[-1], len(set(rows.tolist()))) == (0, 999, 256)
    assert Samples({"a": np.arange(5)}).spread(256).tolist() == [0, 1, 2, 3, 4]
