import pytest
import torch

from lightning_kit.tasks.shapes import check_labels, check_rows, check_shape


@pytest.mark.parametrize(
    ("output", "target", "message"),
    [
        (
            {"logits": torch.zeros(2)},
            torch.zeros(2),
            "the model's output must be a tensor .* got dict",
        ),
        (torch.zeros(2), [0, 1], "target must be a tensor with N rows, got list"),
        (torch.zeros(2), torch.tensor(1), "target must be a tensor with N rows"),
        (torch.zeros(3, 2), torch.zeros(2), r"each of the 2 targets, got shape \(3, 2\)"),
    ],
)
def test_rows_must_pair(output: object, target: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_rows(output, target)


def test_a_shape_is_one_of_those_allowed() -> None:
    check_shape("target", torch.zeros(2, 1), ((2,), (2, 1)), "")
    with pytest.raises(
        ValueError, match=r"target must have shape \(2,\) or \(2, 1\), got \(2, 3\): why"
    ):
        check_shape("target", torch.zeros(2, 3), ((2,), (2, 1)), "why")


def test_labels_are_whole() -> None:
    check_labels(torch.zeros(2, dtype=torch.int32))
    check_labels(torch.zeros(2, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"got torch.float64: .* use target.long\(\)"):
        check_labels(torch.zeros(2, dtype=torch.float64))


def test_no_value_leaves_the_device() -> None:
    # A meta tensor has no values: reading one back raises.
    output, target = (
        torch.zeros(4, 3, device="meta"),
        torch.zeros(4, dtype=torch.long, device="meta"),
    )
    check_rows(output, target)
    check_labels(target)
    check_shape("target", target, ((4,),), "")
