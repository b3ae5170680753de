from collections.abc import Callable

import numpy as np
import pytest

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.datamodules.splits import (
    Split,
    check_fractions,
    group_split,
    kfold_split,
    random_split,
    stratified_split,
    time_split,
)

FRACTIONS = (0.7, 0.15, 0.15)
LABELS = np.repeat([0, 1, 2], [100, 60, 40])
GROUPS = np.arange(200) // 4

EVERY: dict[str, Callable[[int], Split]] = {
    "random": lambda seed: random_split(200, FRACTIONS, seed),
    "stratified": lambda seed: stratified_split(LABELS, FRACTIONS, seed),
    "group": lambda seed: group_split(GROUPS, FRACTIONS, seed),
    "kfold": lambda seed: kfold_split(200, 5, 2, 0.2, seed),
    "stratified kfold": lambda seed: kfold_split(200, 5, 2, 0.2, seed, LABELS),
}


def sizes(split: Split) -> list[int]:
    return [len(split[part]) for part in ("train", "val", "test")]


@pytest.mark.parametrize("name", EVERY)
def test_each_row_is_in_one_part_and_the_seed_decides(name: str) -> None:
    split, again, other = (EVERY[name](seed) for seed in (3, 3, 4))
    assert list(split) == ["train", "val", "test"]
    assert all(rows.dtype == np.int64 and (np.diff(rows) > 0).all() for rows in split.values())
    assert sorted(np.concatenate(list(split.values()))) == list(range(200))
    assert all((split[part] == again[part]).all() for part in split)
    assert split["test"].tolist() != other["test"].tolist()


@pytest.mark.parametrize("name", EVERY)
def test_no_split_draws_from_the_global_generator(name: str) -> None:
    before = np.random.get_state(legacy=False)["state"]["key"].tolist()
    EVERY[name](0)
    assert np.random.get_state(legacy=False)["state"]["key"].tolist() == before


def test_random_sizes_are_the_fractions() -> None:
    assert sizes(random_split(200, FRACTIONS, 0)) == [140, 30, 30]
    assert sizes(random_split(10, (0.5, 0.5, 0.0), 0)) == [5, 5, 0]
    # 3 rows at 0.98: val and test still get the one row that makes them a part.
    assert sizes(random_split(3, (0.98, 0.01, 0.01), 0)) == [1, 1, 1]


def test_stratified_parts_have_each_class_in_proportion() -> None:
    split = stratified_split(LABELS, FRACTIONS, 0)
    assert np.bincount(LABELS[split["train"]]).tolist() == [70, 42, 28]
    assert np.bincount(LABELS[split["val"]]).tolist() == [15, 9, 6]
    assert np.bincount(LABELS[split["test"]]).tolist() == [15, 9, 6]


def test_rounding_does_not_add_up_over_many_small_classes() -> None:
    # 10 rows a class at 0.15 is 1.5: rounded on its own, each class would give val 2 and test 1.
    assert sizes(stratified_split(np.arange(1000) // 10, FRACTIONS, 0)) == [700, 150, 150]


def test_strings_are_labels_too() -> None:
    split = stratified_split(np.array(["no", "yes"] * 10), (0.5, 0.25, 0.25), 0)
    assert sizes(split) == [10, 5, 5]


def test_groups_stay_together_and_fill_their_fractions() -> None:
    split = group_split(GROUPS, FRACTIONS, 0)
    groups = [set(GROUPS[rows].tolist()) for rows in split.values()]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]
    np.testing.assert_allclose(sizes(split), [140, 30, 30], atol=4)


def test_a_giant_group_leaves_no_part_empty() -> None:
    for seed in range(20):
        assert min(sizes(group_split([0] * 97 + [1, 2, 3], FRACTIONS, seed))) >= 1


def test_time_goes_forward_and_ties_stay_together() -> None:
    # Times 9, 8, ... 0; the latest rows come first in the table.
    split = time_split(np.arange(10)[::-1], (0.6, 0.2, 0.2))
    assert split["train"].tolist() == [4, 5, 6, 7, 8, 9]
    assert split["val"].tolist() == [2, 3]
    assert split["test"].tolist() == [0, 1]
    # A cut at 6 of 10 rows would fall into the day "b", which goes to training whole.
    days = list("aaabbbbbcd")
    assert [len(rows) for rows in time_split(days, (0.6, 0.2, 0.2)).values()] == [8, 1, 1]


def test_time_parts_of_fraction_zero_are_empty() -> None:
    assert sizes(time_split(np.arange(10), (0.8, 0.2, 0.0))) == [8, 2, 0]
    assert sizes(time_split(np.arange(10), (0.8, 0.0, 0.2))) == [8, 0, 2]
    assert sizes(time_split(np.array(["2024-01-02", "2024-01-01"], "M8[D]"), (0.5, 0.5, 0))) == [
        1,
        1,
        0,
    ]


def test_folds_cover_every_row_once_with_each_class_in_proportion() -> None:
    tests = [kfold_split(200, 5, fold, 0.2, 1, LABELS)["test"] for fold in range(5)]
    assert sorted(np.concatenate(tests)) == list(range(200))
    assert [np.bincount(LABELS[rows]).tolist() for rows in tests] == [[20, 12, 8]] * 5
    inner = kfold_split(200, 5, 0, 0.25, 1, LABELS)
    assert np.bincount(LABELS[inner["val"]]).tolist() == [20, 12, 8]


@pytest.mark.parametrize(
    ("fractions", "rule"),
    [
        ((0.8, 0.2), "three"),
        ((0.8, 0.3, -0.1), r"in \[0, 1\]"),
        ((0.0, 0.5, 0.5), "train above 0"),
        ((0.8, 0.1, 0.2), "sum to 1"),
        ((float("nan"), 0.5, 0.5), "train above 0"),
    ],
)
def test_wrong_fractions_are_refused(fractions: tuple[float, ...], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        check_fractions(fractions)


@pytest.mark.parametrize(
    ("num_folds", "fold", "val_fraction", "rule"),
    [
        (1, 0, 0.2, "num_folds"),
        (5, 5, 0.2, "fold must"),
        (5, -1, 0.2, "fold must"),
        (5, 0, 0.0, "val_fraction"),
    ],
)
def test_wrong_folds_are_refused(num_folds: int, fold: int, val_fraction: float, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        kfold_split(100, num_folds, fold, val_fraction, 0)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (lambda: random_split(2, FRACTIONS, 0), "rows must be at least 3 for parts, got 2"),
        (lambda: stratified_split([0] * 9 + [1], FRACTIONS, 0), "rows of class 1 .*got 1"),
        (lambda: stratified_split([], FRACTIONS, 0), "labels must be one column with rows"),
        (lambda: group_split([0, 0, 1], FRACTIONS, 0), "groups must be at least 3.*got 2"),
        (
            lambda: group_split(np.array(["a", None, "b"]), FRACTIONS, 0),
            "row 2: groups must not be missing",
        ),
        (lambda: time_split([1.0, float("nan"), 2.0], FRACTIONS), "row 2: times must not be miss"),
        (lambda: time_split([1, 1, 1], FRACTIONS), "times must be at least 3 distinct"),
        (lambda: kfold_split(9, 3, 0, 0.5, 0, [0] * 8 + [1]), "class 1 .* 3 for folds, got 1"),
        (lambda: kfold_split(9, 3, 0, 0.5, 0, [0] * 8), "labels must have 9 rows, got 8"),
    ],
)
def test_data_that_cannot_be_split_says_why(split: Callable[[], Split], message: str) -> None:
    with pytest.raises(DataError, match=message):
        split()


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="seed must not be negative, got -1"):
        random_split(10, FRACTIONS, -1)
