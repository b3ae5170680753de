from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.splits import (
    group_split,
    kfold_split,
    random_split,
    stratified_split,
    time_split,
)
from lightning_kit.datamodules.table_split import TableSplit

LABELS = ["a", "b", "b", "b"] * 25
DEFAULT = (0.7, 0.15, 0.15)


@pytest.fixture
def table(tmp_path: Path) -> TableFile:
    days = np.datetime64("2024-01-01") + np.random.default_rng(0).permutation(100)
    lines = [f"{row // 4},{day},{row}" for row, day in enumerate(days)]
    (tmp_path / "a.csv").write_text("who,when,age\n" + "\n".join(lines) + "\n")
    return TableFile(str(tmp_path / "a.csv"))


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[part].tolist() == other[part].tolist() for part in ("train", "val", "test"))


@pytest.mark.parametrize("seed", [0, 1])
def test_every_way_is_that_of_the_plain_function(table: TableFile, seed: int) -> None:
    days = [str(day) for day in table.cells("when")]
    people = [int(who) for who in table.cells("who")]
    expected = {
        TableSplit(): random_split(100, DEFAULT, seed),
        TableSplit(way="random", fractions=(0.5, 0.5, 0)): random_split(100, (0.5, 0.5, 0), seed),
        TableSplit(way="stratified"): stratified_split(LABELS, DEFAULT, seed),
        TableSplit(way="time", time_column="when"): time_split(days, DEFAULT),
        TableSplit(way="time", time_column="age"): time_split(np.arange(100), DEFAULT),
        TableSplit(way="kfold", num_folds=4, fold=1): kfold_split(100, 4, 1, 0.15, seed, LABELS),
        TableSplit(way="kfold", num_folds=4, fold=1, val_fraction=0.3): kfold_split(
            100, 4, 1, 0.3, seed, LABELS
        ),
    }
    for split, parts in expected.items():
        assert same(split.deal(table, LABELS, seed), parts)
    groups = TableSplit(way="group", group_column="who").deal(table, None, seed)
    assert {len(rows) for rows in group_split(people, DEFAULT, seed).values()} == {
        len(rows) for rows in groups.values()
    }
    whose = [{people[row] for row in rows} for rows in groups.values()]
    assert sum(map(len, whose)) == len(set.union(*whose)) == 25


def test_the_split_has_a_seed_of_its_own(table: TableFile) -> None:
    split = TableSplit(split_seed=5)
    assert same(split.deal(table, None, 0), split.deal(table, None, 1))
    assert same(split.deal(table, None, 0), random_split(100, DEFAULT, 5))


def test_files_of_their_own_take_no_rows(table: TableFile) -> None:
    splits = [
        TableSplit(has_val_file=True),
        TableSplit(has_test_file=True),
        TableSplit(has_val_file=True, has_test_file=True),
    ]
    sizes = [[len(rows) for rows in split.deal(table, None, 0).values()] for split in splits]
    assert sizes == [[85, 0, 15], [85, 15, 0], [100, 0, 0]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"way": "folds"}, "split must be one of random, .*, got 'folds'"),
        ({"group_column": "who"}, "group_column has no effect with split 'random'"),
        ({"way": "group", "time_column": "when"}, "time_column has no effect with split 'group'"),
        ({"way": "group"}, "group_column must name a column"),
        ({"way": "time"}, "time_column must name a column"),
        ({"fold": 0}, "fold has no effect with split 'random'"),
        ({"way": "stratified", "num_folds": 3}, "num_folds has no effect"),
        ({"val_fraction": 0.1}, "val_fraction has no effect"),
        ({"way": "kfold", "num_folds": 3}, "num_folds and fold must be given"),
        (
            {"way": "kfold", "num_folds": 3, "fold": 0, "fractions": DEFAULT},
            "fractions has no effect with split 'kfold'",
        ),
        (
            {"way": "kfold", "num_folds": 3, "fold": 0, "has_test_file": True},
            "split 'kfold' makes its own val and test part",
        ),
        (
            {"way": "time", "time_column": "when", "split_seed": 1},
            "split_seed has no effect with split 'time'",
        ),
        ({"has_val_file": True, "has_test_file": True, "way": "random"}, "split has no effect"),
        ({"has_val_file": True, "has_test_file": True, "split_seed": 1}, "split_seed has no eff"),
        ({"has_val_file": True, "fractions": DEFAULT}, "fractions must give the val part 0"),
        ({"fractions": (0.5, 0.2, 0.2)}, "fractions must sum to 1"),
        ({"split_seed": -1}, "split_seed must not be negative"),
    ],
)
def test_wrong_and_useless_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TableSplit(**options)


def test_what_the_data_cannot_give_is_named(tmp_path: Path, table: TableFile) -> None:
    with pytest.raises(DataError, match=r"a\.csv: rows of class 'c' must be at least 3 for parts"):
        TableSplit(way="stratified").deal(table, [*LABELS[1:], "c"], 0)
    with pytest.raises(DataError, match=r"a\.csv: split 'stratified' needs a target with one"):
        TableSplit(way="stratified").deal(table, None, 0)
    with pytest.raises(DataError, match="column 'wo': is missing .*did you mean 'who'"):
        TableSplit(way="group", group_column="wo").deal(table, None, 0)
    (tmp_path / "b.csv").write_text("who,when\n1,2024-01-01\n2,yesterday\n,\n4,2024-01-03\n")
    other = TableFile(str(tmp_path / "b.csv"))
    with pytest.raises(
        DataError, match=r"b\.csv, row 3, column 'who': groups must not be missing$"
    ):
        TableSplit(way="group", group_column="who").deal(other, None, 0)
    message = r"^\S*b\.csv, row 2, column 'when': must be an ISO date[^:]*:00:00Z, got 'yesterday'$"
    with pytest.raises(DataError, match=message):
        TableSplit(way="time", time_column="when").deal(other, None, 0)
    (tmp_path / "c.csv").write_text("when\n1\n2\n\n3\n")
    (tmp_path / "one.csv").write_text("when\n1\n")
    with pytest.raises(DataError, match=r"one\.csv: rows must be at least 3 for parts, got 1"):
        TableSplit().deal(TableFile(str(tmp_path / "one.csv")), None, 0)
