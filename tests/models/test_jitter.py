import pytest
import torch
from torch import nn

from lightning_kit.models import Jitter


def test_evaluation_and_export_see_the_model_alone() -> None:
    model = nn.Conv2d(1, 2, 3)
    input = torch.randn(4, 1, 8, 8)
    assert torch.equal(Jitter(model).eval()(input), model(input))
    program = torch.export.export(Jitter(model).eval(), (input,))
    assert not any("grid" in str(node.target) for node in program.graph.nodes)


def test_training_shows_each_picture_moved_its_own_way() -> None:
    torch.manual_seed(0)
    picture = torch.zeros(1, 1, 9, 9)
    picture[..., 4, 4] = 1  # a dot in the middle, which a turn leaves where it is
    turned = Jitter(nn.Identity(), degrees=90, pixels=0)(picture)
    torch.testing.assert_close(turned[..., 4, 4], torch.ones(1, 1))
    moved = Jitter(nn.Identity(), degrees=0, pixels=1)(picture.expand(3, 1, 9, 9))
    assert not torch.equal(moved[0], moved[1])
    # At most a pixel away, and nothing of it is lost.
    torch.testing.assert_close(moved[..., 3:6, 3:6].sum(dim=(1, 2, 3)), torch.ones(3))


def test_the_dtype_stays() -> None:
    picture = torch.rand(2, 1, 8, 8, dtype=torch.float64)
    assert Jitter(nn.Identity())(picture).dtype == torch.float64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"degrees": 181.0}, r"in \[0, 180\], got 181"),
        ({"pixels": -1.0}, "not be negative, got -1"),
        ({"degrees": 0.0, "pixels": 0.0}, "must not both be 0"),
    ],
)
def test_bounds_are_checked(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Jitter(nn.Identity(), **options)
