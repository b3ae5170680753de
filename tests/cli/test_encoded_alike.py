from typing import Any

import pytest
import torch

from lightning_kit.cli.encoded_alike import check_alike
from lightning_kit.cli.errors import InputError

TABLE = [{"kind": "number", "column": "size"}]
ANY = [{"kind": "image", "column": "picture", "mode": "L", "size": None}]
SIZED = [{**ANY[0], "size": [2, 2]}]


def pixels(*shape: int) -> torch.Tensor:
    return torch.zeros(shape, dtype=torch.uint8)


@pytest.mark.parametrize(
    ("encoded", "sample", "encoders"),
    [
        (torch.ones(5, 3), torch.zeros(2, 3), TABLE),
        (pixels(5, 1, 2, 2), pixels(2, 1, 2, 2), SIZED),
        (pixels(1, 1, 2, 2), pixels(2, 1, 7, 9), ANY),
    ],
)
def test_the_number_of_rows_and_an_undeclared_size_are_free(
    encoded: torch.Tensor, sample: torch.Tensor, encoders: Any
) -> None:
    check_alike(encoded, {"input": sample}, encoders)


@pytest.mark.parametrize(
    ("encoded", "sample", "encoders", "both"),
    [
        (torch.ones(5, 3), torch.zeros(2, 4), TABLE, r"float32 \(3,\) a row, got float32 \(4,\)"),
        (torch.ones(5, 3), torch.zeros(2, 3).long(), TABLE, r"float32 \(3,\) .* int64 \(3,\)"),
        (pixels(5, 1, 2, 2), pixels(2, 1, 2, 3), SIZED, r"uint8 \(1, 2, 2\) .* \(1, 2, 3\)"),
        (pixels(1, 1, 2, 2), torch.ones(2, 1, 2, 2), ANY, r"uint8 \(1, H, W\) .* float32 \(1, H"),
    ],
)
def test_another_type_or_shape_is_refused(
    encoded: torch.Tensor, sample: torch.Tensor, encoders: Any, both: str
) -> None:
    with pytest.raises(InputError, match=both):
        check_alike(encoded, {"input": sample}, encoders)


@pytest.mark.parametrize("names", [["left"], ["input", "mask"]])
def test_there_is_one_input(names: list[str]) -> None:
    with pytest.raises(InputError, match=f"got {', '.join(names)}: "):
        check_alike(torch.ones(2, 3), dict.fromkeys(names, torch.ones(2, 3)), TABLE)
