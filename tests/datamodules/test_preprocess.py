import pytest
import torch

from lightning_kit.datamodules.preprocess import Scale, Standardise


def test_scale_divides_any_number_type() -> None:
    for dtype in (torch.uint8, torch.int64, torch.float32):
        scaled = Scale(16)(torch.tensor([[0, 4, 16]], dtype=dtype))
        torch.testing.assert_close(scaled, torch.tensor([[0.0, 0.25, 1.0]]))


def test_scale_refuses_nothing_to_divide_by() -> None:
    with pytest.raises(ValueError, match="divisor must not be 0, got 0"):
        Scale(0)


def test_standardise_measures_each_column() -> None:
    # Column 0: mean 2, deviations -1, 1. Column 1: mean 30, deviations -20, 20.
    module = Standardise(2)
    module.fit(torch.tensor([[1, 10], [3, 50]]))
    torch.testing.assert_close(module.mean, torch.tensor([2.0, 30.0]))
    torch.testing.assert_close(module.std, torch.tensor([1.0, 20.0]))
    torch.testing.assert_close(
        module(torch.tensor([[3, 10], [2, 40]])), torch.tensor([[1.0, -1.0], [0.0, 0.5]])
    )


def test_standardise_measures_each_channel_of_pictures() -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = 3 + 2 * torch.randn(50, 3, 4, 5, generator=generator)
    module = Standardise(3)
    module.fit(pictures)
    output = module(pictures)
    assert output.shape == pictures.shape
    torch.testing.assert_close(output.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(output.std((0, 2, 3), correction=0), torch.ones(3))


def test_a_constant_column_becomes_zero() -> None:
    # 0.1 has no exact float: its spread over rows may come out as 1e-9 and not as 0.
    rows = torch.full((1000, 1), 0.1)
    module = Standardise(1)
    module.fit(rows)
    torch.testing.assert_close(module(rows), torch.zeros(1000, 1), atol=1e-6, rtol=0)
    torch.testing.assert_close(module(rows + 1), torch.ones(1000, 1))


def test_before_a_fit_nothing_changes_and_a_state_loads() -> None:
    fresh, fitted = Standardise(2), Standardise(2)
    rows = torch.tensor([[1.0, 2.0], [5.0, 0.0]])
    torch.testing.assert_close(fresh(rows), rows)
    fitted.fit(rows)
    fresh.load_state_dict(fitted.state_dict())
    assert torch.equal(fresh(rows), fitted(rows))


def test_large_offsets_keep_their_spread() -> None:
    # In float32 the mean of squares (1e12) minus the squared mean would lose a spread of 1.
    rows = (1e6 + torch.arange(2.0)).repeat(500).unsqueeze(1)
    module = Standardise(1)
    module.fit(rows)
    assert module.std.item() == pytest.approx(0.5)


def test_standardise_refuses_no_features() -> None:
    with pytest.raises(ValueError, match="num_features must be at least 1, got 0"):
        Standardise(0)


@pytest.mark.parametrize(("mean", "spread"), [(1.7e9, 100.0), (1.0, 1e-8), (-1e12, 1e4)])
def test_what_float32_rounds_away_is_not_blown_up(mean: float, spread: float) -> None:
    noise = torch.randn(1000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    module, rows = Standardise(1), (mean + spread * noise).float()
    module.fit(rows)
    assert module(rows).abs().max() < 10
