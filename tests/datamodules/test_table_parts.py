from pathlib import Path

import pytest

from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.base import Part
from lightning_kit.datamodules.table_parts import TableParts
from lightning_kit.datamodules.table_split import TableSplit


def no_labels(table: TableFile) -> None:
    raise AssertionError("a random split takes no labels")


def write(path: Path, first: int, count: int) -> str:
    path.write_text("a\n" + "".join(f"{value}\n" for value in range(first, first + count)))
    return str(path)


def parts(folder: Path, *own: Part) -> TableParts:
    files = {part: write(folder / f"{part}.csv", 1000, 5) for part in own}
    split = TableSplit(has_val_file="val" in own, has_test_file="test" in own)
    return TableParts(write(folder / "all.csv", 0, 100), files, split, 0, no_labels)


def test_one_file_is_split_and_prediction_gets_the_test_part(tmp_path: Path) -> None:
    found = parts(tmp_path)
    sizes = {part: len(found.rows(part).rows) for part in ("train", "val", "test", "predict")}
    assert sizes == {"train": 70, "val": 15, "test": 15, "predict": 15}
    assert found.rows("predict")["a"].tolist() == found.rows("test")["a"].tolist()


def test_a_part_with_a_file_of_its_own_is_that_file(tmp_path: Path) -> None:
    found = parts(tmp_path, "test", "predict")
    assert found.rows("test")["a"].tolist() == [str(value) for value in range(1000, 1005)]
    assert len(found.rows("train").rows) == 85
    assert len(found.rows("val").rows) == 15
    assert found.file("predict").path.endswith("predict.csv")


def test_with_both_files_all_rows_train(tmp_path: Path) -> None:
    found = parts(tmp_path, "val", "test")
    assert len(found.rows("train").rows) == 100
    assert found.rows("predict").table is found.file("test")


def test_a_part_of_its_own_needs_no_training_file(tmp_path: Path) -> None:
    found = parts(tmp_path, "test")
    (tmp_path / "all.csv").unlink()
    assert len(found.rows("test").rows) == 5
    with pytest.raises(DataError, match=r"all\.csv: no such file"):
        found.rows("train")


def test_an_empty_part_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "all.csv", 0, 10)
    found = TableParts(path, {}, TableSplit(fractions=(0.8, 0.2, 0)), 0, no_labels)
    assert [found.has(part) for part in ("train", "val", "test")] == [True, True, False]
    with pytest.raises(ValueError, match="fractions must give the test part rows"):
        found.rows("test")


def test_files_are_read_once_until_they_are_forgotten(tmp_path: Path) -> None:
    found = parts(tmp_path)
    before = found.file("train")
    write(tmp_path / "all.csv", 0, 50)
    assert found.file("test") is before
    found.forget()
    assert found.file("train").num_rows == 50
    assert len(found.rows("test").rows) == 8
