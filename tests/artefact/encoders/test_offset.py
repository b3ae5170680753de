import numpy as np
import pytest

from lightning_kit.artefact.encoders.offset import offset_of


@pytest.mark.parametrize(
    ("mean", "spread", "shifts"),
    [
        (1.7e9, 100, True),
        (-1.7e9, 1e4, True),
        (1.7e9, 1e5, False),  # steps of 128 are 0.1 % of it
        (2015.0, 2.0, False),
        (0.0, 1e-9, False),
        (1.0, 1e-7, True),
    ],
)
def test_numbers_are_shifted_where_float32_would_round_their_spread_away(
    mean: float, spread: float, shifts: bool
) -> None:
    values = mean + spread * np.random.default_rng(0).normal(size=1000)
    assert offset_of(values) == (np.median(values) if shifts else 0)
    left = (values - offset_of(values)).astype(np.float32).std()
    assert left == pytest.approx(values.std(), rel=1e-3)


def test_a_constant_stays_what_it_is() -> None:
    assert offset_of(np.full(3, 1.7e9)) == 0
