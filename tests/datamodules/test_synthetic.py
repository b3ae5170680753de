from typing import Any

import pytest
import torch
from sklearn.linear_model import LinearRegression, LogisticRegression

from lightning_kit.datamodules import DataError, SyntheticDataModule


def made(**options: Any) -> SyntheticDataModule:
    datamodule = SyntheticDataModule(**options)
    datamodule.setup("fit")
    return datamodule


@pytest.mark.parametrize("seed", range(5))
def test_blobs_can_be_told_apart(seed: int) -> None:
    datamodule = made(seed=seed, num_classes=4)
    model = LogisticRegression().fit(*datamodule.load("train"))
    assert model.score(*datamodule.load("test")) > 0.95
    assert datamodule.classes == ["0", "1", "2", "3"]
    assert datamodule.class_counts is not None
    assert sum(datamodule.class_counts) == 700
    assert max(datamodule.class_counts) - min(datamodule.class_counts) <= 2


def test_noise_makes_blobs_overlap() -> None:
    datamodule = made(noise=2.0)
    model = LogisticRegression().fit(*datamodule.load("train"))
    assert model.score(*datamodule.load("test")) < 0.9


@pytest.mark.parametrize(("num_targets", "shape"), [(None, (700,)), (1, (700,)), (3, (700, 3))])
def test_a_surface_is_raw_and_partly_linear(
    num_targets: int | None, shape: tuple[int, ...]
) -> None:
    datamodule = made(kind="surface", num_targets=num_targets)
    input, target = datamodule.load("train")
    assert target is not None
    assert (target.shape, target.dtype) == (shape, torch.float32)
    assert 0.2 < LinearRegression().fit(input, target).score(*datamodule.load("test")) < 0.95
    assert datamodule.classes is None
    assert datamodule.target_mean is not None
    assert datamodule.target_std is not None
    torch.testing.assert_close(datamodule.target_mean, target.reshape(700, -1).mean(0))
    torch.testing.assert_close(datamodule.target_std, target.reshape(700, -1).std(0, correction=0))
    assert (datamodule.target_mean - 10).abs().max() < 1
    assert (datamodule.target_std - 5).abs().max() < 1


def test_labels_are_a_column_each() -> None:
    datamodule = made(kind="labels", num_classes=2)
    target = datamodule.load("train")[1]
    assert target is not None
    assert (target.shape, target.dtype) == ((700, 2), torch.int64)
    assert set(target.flatten().tolist()) == {0, 1}
    assert datamodule.class_counts == target.sum(0).tolist()


@pytest.mark.parametrize("kind", ["blobs", "labels", "surface"])
def test_the_seed_decides_the_data(kind: str) -> None:
    first, again, other = (made(kind=kind, seed=seed).load("train") for seed in (0, 0, 1))
    assert torch.equal(first[0], again[0])
    assert first[1] is not None
    assert again[1] is not None
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "moons"}, "kind must be .* got 'moons'"),
        ({"num_rows": 2}, "num_rows must be at least 3.* got 2"),
        ({"num_features": 0}, "num_features must be at least 1, got 0"),
        ({"noise": -1.0}, "noise must be finite and not negative, got -1.0"),
        ({"noise": float("nan")}, "noise must be finite and not negative, got nan"),
        ({"num_classes": 1}, "num_classes must be at least 2 for 'blobs', got 1"),
        ({"kind": "labels", "num_classes": 0}, "num_classes must be at least 1 .* got 0"),
        ({"kind": "surface", "num_targets": 0}, "num_targets must be at least 1, got 0"),
        ({"kind": "surface", "num_classes": 3}, "num_classes has no effect for kind 'surface'"),
        ({"num_targets": 1}, "num_targets has no effect for kind 'blobs'"),
        ({"fractions": (0.5, 0.2, 0.2)}, "fractions must sum to 1"),
    ],
)
def test_arguments_out_of_range_or_without_effect_are_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SyntheticDataModule(**options)


def test_too_few_rows_for_the_classes_are_refused() -> None:
    with pytest.raises(DataError, match=r"rows of class .* must be at least 3 for parts, got 2"):
        made(num_rows=6)


def test_a_split_that_is_not_that_of_training_is_refused() -> None:
    trained, other = SyntheticDataModule(), SyntheticDataModule(noise=0.3)
    trained.setup("fit")
    other.setup("test")
    other.load_state_dict(trained.state_dict())
    with pytest.raises(DataError, match="must be split as in training"):
        other.load("test")
