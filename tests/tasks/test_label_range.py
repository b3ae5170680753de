from typing import Any

import pytest
import torch

from lightning_kit.tasks.label_range import check_label_range


@pytest.mark.parametrize(
    ("kind", "labels", "ignore", "message"),
    [
        ("multiclass", [0, 3], None, r"in \[0, 3\), got 3: raise num_classes, .*ignore_index=3"),
        ("multiclass", [0, -100], None, r"in \[0, 3\), got -100"),
        ("multiclass", [-1, -2], -1, "got -2"),
        ("binary", [1, -1], None, "0 or 1 for binary, got -1: map them to 0 and 1"),
        ("binary", [0, 2], None, "got 2"),
        ("multilabel", [[0, 7], [1, 0]], None, "0 or 1 for multilabel, got 7"),
    ],
)
def test_a_label_that_is_no_class_is_one_line(
    kind: Any, labels: list[Any], ignore: int | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as error:
        check_label_range(torch.tensor(labels), kind, 3, ignore)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "labels", "ignore"),
    [
        ("multiclass", torch.tensor([0, 1, 2], dtype=torch.uint8), None),
        ("multiclass", torch.tensor([0, -100, 2]), -100),
        ("binary", torch.tensor([True, False]), None),
        ("binary", torch.tensor([0, 1, 9]), 9),
        ("multilabel", torch.tensor([[0, 1], [-1, 1]]), -1),
        ("multiclass", torch.tensor([], dtype=torch.long), None),
    ],
)
def test_classes_and_what_is_ignored_pass(kind: Any, labels: Any, ignore: int | None) -> None:
    check_label_range(labels, kind, 3, ignore)
