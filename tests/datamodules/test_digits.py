import pytest
import torch

from lightning_kit.datamodules import DataError, DigitsDataModule
from lightning_kit.datamodules.base import Part


def digits(**options: object) -> DigitsDataModule:
    datamodule = DigitsDataModule(**options)  # type: ignore[arg-type]
    datamodule.setup("fit")
    return datamodule


def test_parts_are_real_digits_with_each_class_in_proportion() -> None:
    datamodule = digits()
    parts: list[Part] = ["train", "val", "test"]
    loaded = [datamodule.load(part) for part in parts]
    assert [len(input) for input, _ in loaded] == [1257, 270, 270]
    for (input, target), least in zip(loaded, (120, 25, 25), strict=True):
        assert target is not None
        assert input.shape[1:] == (64,)
        assert (input.dtype, target.dtype) == (torch.float32, torch.int64)
        assert input.min().item() == 0
        assert input.max().item() == 16
        assert torch.bincount(target).min() >= least
    rows = {tuple(row.tolist()) for input, _ in loaded for row in input}
    assert len(rows) == 1797


def test_what_a_task_reads() -> None:
    datamodule = digits()
    assert datamodule.classes == list("0123456789")
    assert datamodule.class_counts is not None
    assert sum(datamodule.class_counts) == 1257
    assert datamodule.preprocess is not None
    assert datamodule.preprocess(datamodule.load("train")[0]).max() == 1


def test_pictures_are_the_same_rows() -> None:
    rows, pictures = digits().load("test")[0], digits(image=True).load("test")[0]
    assert pictures.shape == (270, 1, 8, 8)
    assert torch.equal(pictures.flatten(1), rows)


def test_prediction_gets_the_test_inputs_alone() -> None:
    datamodule = digits()
    input, target = datamodule.load("predict")
    assert torch.equal(input, datamodule.load("test")[0])
    assert target is None


def test_the_seed_decides_the_split() -> None:
    first, again, other = (digits(seed=seed).load("test")[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_split_that_is_not_that_of_training_is_refused() -> None:
    trained, other = DigitsDataModule(), DigitsDataModule(seed=1)
    trained.setup("fit")
    other.setup("test")
    other.load_state_dict(trained.state_dict())
    with pytest.raises(DataError, match="must be split as in training"):
        other.load("test")
