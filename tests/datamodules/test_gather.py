from typing import Any

import pytest
import torch
from torch import Tensor

from lightning_kit.datamodules.gather import pays, pinned_rows, rows

ROWS = torch.arange(12).reshape(4, 3)
INDEX = torch.tensor([2, 0, 2])


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The tensors that were made in page-locked memory, which there is none of without CUDA."""
    made: list[Tensor] = []
    empty = torch.empty

    def fake(*args: Any, pin_memory: bool = False, **options: Any) -> Tensor:
        made.extend([empty(*args, **options)] if pin_memory else [])
        return made[-1] if pin_memory else empty(*args, **options)

    monkeypatch.setattr(torch, "empty", fake)
    return made


@pytest.mark.parametrize("tensor", [ROWS, ROWS.float(), ROWS[:, 0], ROWS.reshape(4, 3, 1) > 5])
def test_rows_come_in_order_whether_pinned_or_not(tensor: Tensor, pinned: list[Tensor]) -> None:
    wanted = tensor[INDEX]
    torch.testing.assert_close(rows(tensor, INDEX), wanted)
    assert pinned == []
    found = pinned_rows(tensor, INDEX)
    torch.testing.assert_close(found, wanted)
    (memory,) = pinned
    assert found.data_ptr() == memory.data_ptr()


@pytest.mark.parametrize(
    ("device", "wanted"), [("cuda", True), ("cuda:1", True), ("cpu", False), ("mps", False)]
)
def test_it_pays_for_cuda_alone(device: str, wanted: bool) -> None:
    assert pays(ROWS, torch.device(device)) is wanted


def test_it_pays_for_rows_on_the_cpu_alone() -> None:
    assert not pays(ROWS.to("meta"), torch.device("cuda"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no accelerator here")
def test_pinned_rows_are_pinned() -> None:
    found = pinned_rows(ROWS, INDEX)
    assert found.is_pinned()
    torch.testing.assert_close(found.to("cuda", non_blocking=True).cpu(), ROWS[INDEX])
