import pytest
import torch

from lightning_kit.models import CNN


@pytest.mark.parametrize("size", [(2, 2), (8, 8), (9, 13)])
def test_any_size_that_survives_the_halving_is_taken(size: tuple[int, int]) -> None:
    model = CNN(3, 5, channels=[4, 8], dropout=0.1)
    assert model(torch.zeros(2, 3, *size)).shape == (2, 5)


def test_every_block_but_the_last_halves_the_picture() -> None:
    model = CNN(1, 2, channels=[4, 8, 16])
    assert model.features(torch.zeros(1, 1, 16, 16)).shape == (1, 16, 4, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": []}, "channels must name at least one block"),
        ({"channels": [0]}, r"at least 1, got \[1, 0, 2\]"),
        ({"dropout": -0.1}, r"in \[0, 1\), got -0.1"),
    ],
)
def test_wrong_sizes_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CNN(1, 2, **options)  # type: ignore[arg-type]
