import numpy as np
import pytest

from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.replay import compare

GOLDEN = {"p": np.array([[0.5, np.nan], [1.0, np.inf]], np.float32), "best": np.array([0, 1])}


def changed(name: str, at: tuple[int, ...], value: float) -> dict[str, np.ndarray]:
    copy = {key: array.copy() for key, array in GOLDEN.items()}
    copy[name][at] = value
    return copy


def test_the_largest_difference_is_told() -> None:
    found = compare(changed("p", (0, 0), 0.5 + 2**-12), GOLDEN, "output", rtol=0, atol=1e-3)
    assert found == {"p": 2**-12, "best": 0}


@pytest.mark.parametrize(
    ("name", "at", "value", "message"),
    [
        ("p", (1, 0), 1.1, "golden row 2: output 'p' must be 1.0, got 1.1"),
        ("p", (0, 1), 0, "golden row 1: output 'p' must be nan, got 0.0"),
        ("p", (1, 1), np.nan, "golden row 2: output 'p' must be inf, got nan"),
        ("best", (1,), 2, "golden row 2: output 'best' must be 1, got 2"),
    ],
)
def test_what_differs_is_named(name: str, at: tuple[int, ...], value: float, message: str) -> None:
    with pytest.raises(ArtefactError, match=message):
        compare(changed(name, at, value), GOLDEN, "output", rtol=0, atol=1e-3)


def test_other_names_dtypes_or_shapes() -> None:
    with pytest.raises(ArtefactError, match="golden rows have the outputs best, p, got p"):
        compare({"p": GOLDEN["p"]}, GOLDEN, "output", rtol=0, atol=0)
    for other in (GOLDEN["best"][:1], GOLDEN["best"].astype(np.int32)):
        with pytest.raises(ArtefactError, match=r"output 'best' must be int64 \(2,\), got int"):
            compare({**GOLDEN, "best": other}, GOLDEN, "output", rtol=0, atol=0)
