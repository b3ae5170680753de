from typing import Any

import pytest
import torch
from lightning_fabric.utilities import move_data_to_device
from pytorch_lightning.plugins.precision import (
    DoublePrecision,
    HalfPrecision,
    MixedPrecision,
    Precision,
)

from lightning_kit.datamodules.exact import narrows, unwrapped, wrapped

YEARS = torch.tensor([2015.0])


@pytest.mark.parametrize("batch", [YEARS, (YEARS, torch.tensor([2013.0]))])
def test_a_wrapped_batch_is_moved_and_not_cast(batch: Any) -> None:
    precision = HalfPrecision("bf16-true")
    moved = wrapped(batch)
    moved = tuple(item.to("cpu") for item in moved) if isinstance(batch, tuple) else moved.to("cpu")
    found = unwrapped(precision.convert_input(moved))
    torch.testing.assert_close(found, batch, rtol=0, atol=0)
    assert not torch.equal(precision.convert_input(YEARS).float(), YEARS)


@pytest.mark.parametrize("pinned", [False, True])
def test_a_wrapped_batch_is_moved_without_waiting_where_it_is_pinned(
    pinned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: list[dict[str, Any]] = []
    monkeypatch.setattr(torch.Tensor, "is_pinned", lambda _: pinned)

    def to(tensor: torch.Tensor, device: torch.device, **given: Any) -> torch.Tensor:
        options.append(given)
        return tensor

    monkeypatch.setattr(torch.Tensor, "to", to)
    move_data_to_device(wrapped((YEARS, YEARS)), torch.device("cuda"))
    assert options == [{"non_blocking": pinned}] * 2


@pytest.mark.parametrize("batch", [YEARS, (YEARS, YEARS), [YEARS], {"a": YEARS}, None])
def test_what_was_never_wrapped_stays_as_it_is(batch: Any) -> None:
    assert unwrapped(batch) is batch


def test_true_half_precision_narrows() -> None:
    assert narrows(HalfPrecision("bf16-true"))
    assert narrows(HalfPrecision("16-true"))
    assert not narrows(Precision())
    assert not narrows(DoublePrecision())
    assert not narrows(MixedPrecision("bf16-mixed", "cpu"))
