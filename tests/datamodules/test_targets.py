import pytest
import torch

from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.targets import check_varies, count_classes, mean_and_std


def test_classes_without_rows_are_counted_too() -> None:
    assert count_classes(torch.tensor([2, 0, 2]), 4) == [1, 0, 2, 0]


def test_positives_are_counted_by_label() -> None:
    assert count_classes(torch.tensor([[1, 0], [1, 1], [1, 0]]), 2) == [3, 1]


def test_mean_and_spread_by_target() -> None:
    # 1, 3: mean 2, spread 1. 10, 50: mean 30, spread 20.
    mean, std = mean_and_std(torch.tensor([[1.0, 10.0], [3.0, 50.0]]))
    torch.testing.assert_close((mean, std), (torch.tensor([2.0, 30.0]), torch.tensor([1.0, 20.0])))
    assert mean_and_std(torch.tensor([1.0, 3.0]))[0].shape == (1,)


def test_a_target_that_never_changes_is_named() -> None:
    check_varies(torch.tensor([0, 1]), "y")
    with pytest.raises(DataError, match=r"a.npz, column 'y': must hold more .* got 3"):
        check_varies(torch.tensor([3, 3]), "y", "a.npz")
    with pytest.raises(DataError, match=r"column 'y\[1\]': must hold more than one value"):
        check_varies(torch.tensor([[1.0, 2.0], [0.0, 2.0]]), "y")


def test_a_target_whose_spread_float32_rounds_away_is_named() -> None:
    noise = torch.randn(1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    check_varies((2015 + 2 * noise).float(), "y")
    check_varies(noise.float() * 1e-9, "y")
    with pytest.raises(
        DataError, match=r"column 'y': must keep its spread .* 128 there.* 1.7e\+09"
    ):
        check_varies((1.7e9 + 100 * noise).float(), "y")
    columns = torch.stack([noise, 1e4 + 1e-3 * noise], dim=1).float()
    with pytest.raises(DataError, match=r"a.npz, column 'y\[1\]': must keep its spread"):
        check_varies(columns, "y", "a.npz")
