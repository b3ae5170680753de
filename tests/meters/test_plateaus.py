"""Several plateaus with one verdict."""

import math

import pytest

from lightning_kit.meters.plateau import NonFinite, Plateau
from lightning_kit.meters.plateaus import Combine, Plateaus

# The first stream stops at its third check, the second at its fifth.
FIRST = [1.0, 2.0, 2.0, 2.0, 2.0, 0.5]
SECOND = [1.0, 2.0, 3.0, 3.0, 3.0, 3.0]


def both(combine: Combine, nan: NonFinite = "stop") -> Plateaus:
    return Plateaus([Plateau(2, "min", nan=nan), Plateau(2, "max", nan=nan)], combine)


@pytest.mark.parametrize(
    ("combine", "verdicts"),
    [
        ("any", [False, False, True, True, True, True]),
        # The first stream gains at the sixth check, so that not all are stale any more.
        ("all", [False, False, False, False, True, False]),
    ],
)
def test_any_or_all(combine: Combine, verdicts: list[bool]) -> None:
    plateaus = both(combine)
    assert [plateaus.update(each) for each in zip(FIRST, SECOND, strict=True)] == verdicts


def test_nan_stops_at_once_whatever_the_others_say() -> None:
    assert both("all").update([1.0, math.nan])
    assert not both("all", nan="count").update([1.0, math.nan])
    assert not both("any", nan="ignore").update([1.0, math.nan])


def test_state_comes_back() -> None:
    plateaus, fresh = both("any"), both("any")
    for scores in zip(FIRST[:2], SECOND[:2], strict=True):
        plateaus.update(scores)
    fresh.load_state_dict(plateaus.state_dict())
    assert [plateau.best for plateau in fresh.plateaus] == [1.0, 2.0]
    assert fresh.update([2.0, 3.0])
    fresh.reset()
    assert fresh[0].best is None


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="plateaus must hold at least one"):
        Plateaus([])
    with pytest.raises(ValueError, match="combine must be one of .*'most'"):
        Plateaus([Plateau(1, "min")], "most")  # type: ignore[arg-type]
