"""Every source gives the same rows, and one that does not is found."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.data import LOADER, row, rows, same_samples
from benchmarks.harness import DifferentWork, Plan, measure
from benchmarks.programs import sources
from benchmarks.programs.sources import Epoch, Rows, discovered, has_datasets, look


def test_every_datamodule_is_measured_beside_the_others(tmp_path: Path) -> None:
    names = discovered()
    measured = measure(row(4, names, (2, 2), num=96), Plan(2, folder=tmp_path))
    others = [LOADER, "plain indexing", *["datasets library"] * has_datasets()]
    assert list(measured.seconds) == [*others, *names]
    assert measured.as_json()["units_in_a_leg"]["DigitsDataModule"] == 1257


EPOCH = Epoch(96, 4, 3.5, 40)


@pytest.mark.parametrize(
    "other",
    [
        replace(EPOCH, rows=95),
        replace(EPOCH, features=5),
        replace(EPOCH, target=41),
        replace(EPOCH, input=3.6),
    ],
)
def test_other_rows_are_found(other: Epoch) -> None:
    same_samples({LOADER: EPOCH, "ArrayDataModule": replace(EPOCH)})
    same_samples({LOADER: EPOCH, "SyntheticDataModule": other})
    with pytest.raises(DifferentWork, match="ArrayDataModule gave"):
        same_samples({LOADER: EPOCH, "ArrayDataModule": other})


def test_a_datamodule_without_an_entry_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sources.BUILT, "TableDataModule")
    with pytest.raises(ValueError, match=r"\['TableDataModule'\] need an entry"):
        discovered()


def test_sources_are_shuffled_anew_each_epoch(tmp_path: Path) -> None:
    given = Rows(64, 3)
    for name, build in sources.sources(given, tmp_path, ["ArrayDataModule"]).items():
        batches = build()
        first, second = (next(iter(batches()))[0] for _ in range(2))
        assert not first.equal(second), name
        assert look(batches).rows == 64


def test_the_sizes_are_those_that_the_bounds_are_for() -> None:
    found = rows(False)
    assert [one.name for one in found] == ["64 features", "784 features"]
    for one in found:
        assert one.units("ArrayDataModule") == 12_800
        assert one.ratios[0].bound == ">= 8"
