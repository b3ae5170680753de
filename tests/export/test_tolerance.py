import numpy as np
import pytest

from lightning_kit.export.tolerance import SMALLEST, TOLERANCES, tolerance_of

FLOAT32 = TOLERANCES["float32"]


def test_a_column_is_judged_by_its_own_size() -> None:
    expected = np.array([[1e6, 1e-3], [0.0, -5e-4]])
    # 1e-5 of the column's largest, and 1e-4 of the value itself.
    allowed = [[10 + 100, 1e-8 + 1e-7], [10, 1e-8 + 5e-8]]
    np.testing.assert_allclose(FLOAT32.allowed("y", expected), allowed)


def test_small_units_are_judged_as_strictly_as_large_ones() -> None:
    values = np.random.default_rng(0).normal(size=50)
    ratio = FLOAT32.allowed("y", values) / FLOAT32.allowed("y", values * 1e-9)
    np.testing.assert_allclose(ratio, 1e9)


def test_shares_of_one_have_the_scale_one() -> None:
    tiny = np.full((4, 2), 1e-12)
    np.testing.assert_allclose(FLOAT32.allowed("probabilities", tiny), 1e-5, rtol=1e-6)
    fractions = np.array([[0.6, 1e-12]])
    assert FLOAT32.allowed("y", fractions)[0, 1] == pytest.approx(1e-5)
    assert FLOAT32.allowed("y", tiny).max() < 1e-15


def test_what_is_not_finite_is_allowed_nothing_and_sets_no_scale() -> None:
    expected = np.array([[np.inf, 2.0], [np.nan, 2.0], [1.0, -np.inf]])
    bound = FLOAT32.allowed("y", expected)
    assert bound[~np.isfinite(expected)].tolist() == [0, 0, 0]
    assert bound[2, 0] == pytest.approx(1.1e-4)


def test_a_constant_zero_is_allowed_next_to_nothing() -> None:
    assert FLOAT32.allowed("y", np.zeros((3, 2))).max() == SMALLEST
    assert FLOAT32.allowed("y", np.zeros((0, 2))).shape == (0, 2)


def test_pictures_pool_all_but_the_channel() -> None:
    expected = np.zeros((2, 2, 3, 3))
    expected[0, 0, 0, 0] = 100
    bound = FLOAT32.allowed("y", expected)
    assert bound[1, 0, 2, 2] == pytest.approx(1e-3)
    assert bound[1, 1, 2, 2] == SMALLEST


@pytest.mark.parametrize(
    ("dtypes", "name"),
    [
        ([], "float32"),
        (["int64"], "float32"),
        (["torch.float64"], "float64"),
        (["float64", "float32"], "float32"),
        (["torch.float16", "float32"], "float16"),
        (["bfloat16", "float16"], "bfloat16"),
    ],
)
def test_the_coarsest_type_decides(dtypes: list[str], name: str) -> None:
    assert tolerance_of(dtypes) is TOLERANCES[name]


def test_coarser_types_are_allowed_more() -> None:
    order = list(TOLERANCES.values())
    assert [each.absolute for each in order] == sorted(each.absolute for each in order)
    assert [each.relative for each in order] == sorted(each.relative for each in order)
