from pathlib import Path

import numpy as np
import pytest
import torch

from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.table_labels import (
    class_indices,
    find_classes,
    labels,
    numbers,
    truth_values,
)
from lightning_kit.datamodules.table_rows import TableRows


def rows(folder: Path, text: str, taken: list[int] | None = None) -> TableRows:
    (folder / "a.csv").write_text(text)
    return TableRows(TableFile(str(folder / "a.csv")), None if taken is None else np.array(taken))


def test_classes_are_sorted_by_name_or_by_value(tmp_path: Path) -> None:
    assert find_classes(rows(tmp_path, "y\nno\nyes\nmaybe\n"), "y") == ["maybe", "no", "yes"]
    assert find_classes(rows(tmp_path, "y\n10\n9\n-1\n"), "y") == ["-1", "9", "10"]
    assert find_classes(rows(tmp_path, "y\n10\n9\nx\n"), "y") == ["10", "9", "x"]
    assert labels(rows(tmp_path, "y\nnone\n mild\n"), "y") == ["none", "mild"]


def test_one_class_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'y': must have more than one class .*, got 'a'"):
        find_classes(rows(tmp_path, "y\na\na\nb\n", [0, 1]), "y")


def test_labels_become_positions(tmp_path: Path) -> None:
    found = class_indices(rows(tmp_path, "y\nb\na\nb\nc\n", [2, 1]), "y", ["a", "b"])
    assert found.tolist() == [1, 0]
    assert found.dtype == torch.int64


def test_an_unknown_label_is_named(tmp_path: Path) -> None:
    text = "y\nb\na\nb\nc\n"
    message = r"row 4, column 'y': must be one of the 2 classes .*, a, b, got 'c' \(split: strat"
    with pytest.raises(DataError, match=message):
        class_indices(rows(tmp_path, text, [1, 3]), "y", ["a", "b"])


@pytest.mark.parametrize("cell", ["", "nan", "NA"])
def test_a_missing_target_is_named(tmp_path: Path, cell: str) -> None:
    table = rows(tmp_path, f"x,y\n1,1\n2,0\n3,{cell}\n", [0, 2])
    message = "row 3, column 'y': a target must not be missing"
    with pytest.raises(DataError, match=message):
        class_indices(table, "y", ["0", "1"])
    with pytest.raises(DataError, match=message):
        truth_values(table, ["x", "y"]) if cell == "x" else truth_values(table, ["y"])
    with pytest.raises(DataError, match=message):
        numbers(table, ["y"])


def test_truth_values_are_a_column_a_label(tmp_path: Path) -> None:
    table = rows(tmp_path, "a,b\n1,false\n0,true\n")
    assert truth_values(table, ["a", "b"]).tolist() == [[1, 0], [0, 1]]
    with pytest.raises(DataError, match="row 1, column 'a': must be 0, 1, true or false.*got '2'"):
        truth_values(rows(tmp_path, "a\n2\n"), ["a"])


def test_truth_values_are_read_as_pandas_writes_them(tmp_path: Path) -> None:
    table = rows(tmp_path, "a,b\nTrue,FALSE\n1.0,True\n")
    assert truth_values(table, ["a", "b"]).tolist() == [[1, 0], [1, 1]]
    assert find_classes(rows(tmp_path, "a\nTrue\nFalse\n"), "a") == ["false", "true"]


def test_the_way_out_of_several_targets_fits_the_cell(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"got 'x' \(write 0 or 1, or name one target\)"):
        truth_values(rows(tmp_path, "a\nx\n"), ["a"])
    with pytest.raises(DataError, match=r"got '2' \(or kind: regression, if"):
        truth_values(rows(tmp_path, "a\n2\n"), ["a"])
    with pytest.raises(DataError, match=r"got 'x' \(several targets are all numbers, or all"):
        numbers(rows(tmp_path, "a,b\nx,1\n"), ["a", "b"])


def test_numbers_keep_their_shape(tmp_path: Path) -> None:
    table = rows(tmp_path, "a,b\n1,2.5\n3,4\n")
    one, two = numbers(table, ["b"]), numbers(table, ["a", "b"])
    assert one.tolist() == [2.5, 4]
    assert two.tolist() == [[1, 2.5], [3, 4]]
    assert one.dtype == two.dtype == torch.float32
    message = r"row 1, column 'a': must be a number, got 'x' \(or kind: classification\)"
    with pytest.raises(DataError, match=message):
        numbers(rows(tmp_path, "a\nx\n"), ["a"])


def test_labels_that_are_one_number_are_one_class_and_said_to_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert find_classes(rows(tmp_path, "y\n1.1\n1.10\n2\n"), "y") == ["1.1", "2"]
    assert "column 'y': '1.1' and '1.10' are one category" in caplog.text
