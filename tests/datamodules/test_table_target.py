from pathlib import Path

import pytest

from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.table_rows import TableRows
from lightning_kit.datamodules.table_target import TableTarget

MANY = "\n".join(map(str, range(21)))


def table(folder: Path, text: str) -> TableFile:
    (folder / "a.csv").write_text(text)
    return TableFile(str(folder / "a.csv"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("y\na\nb\n", "classification"),
        ("y\ntrue\nfalse\n", "classification"),
        ("y\n0\n1\n", "classification"),
        (f"y\n{MANY}\n", "regression"),
        ("y\n0.5\n1\n", "regression"),
        ("y\n1\nb\n", "classification"),
    ],
)
def test_the_kind_is_inferred_from_the_cells(tmp_path: Path, text: str, kind: str) -> None:
    assert TableTarget(["y"]).kind_in(table(tmp_path, text)) == kind


def test_several_targets_are_labels_where_all_are_truth_values(tmp_path: Path) -> None:
    both = TableTarget(["a", "b"])
    assert both.kind_in(table(tmp_path, "a,b\n1,true\n0,false\n")) == "classification"
    assert both.kind_in(table(tmp_path, "a,b\nTrue,1\nFalse,0\n")) == "classification"
    assert both.kind_in(table(tmp_path, "a,b\n1,2\n0,1\n")) == "regression"


def test_numbers_of_a_parquet_file_go_by_their_type(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"real": [0.0, 1.0], "whole": [0, 1]}), tmp_path / "a.parquet")
    file = TableFile(str(tmp_path / "a.parquet"))
    assert TableTarget(["real"]).kind_in(file) == "regression"
    assert TableTarget(["whole"]).kind_in(file) == "classification"


def test_what_is_said_wins(tmp_path: Path) -> None:
    file = table(tmp_path, "y\n0\n1\n")
    assert TableTarget(["y"], "regression").kind_in(file) == "regression"
    assert TableTarget(["y"], "regression").labels_in(file) is None
    assert TableTarget(["y"]).labels_in(file) == ["0", "1"]


def test_it_is_read_as_what_was_fitted(tmp_path: Path) -> None:
    rows = TableRows(table(tmp_path, "y,z\n0,1\n1,1\n"))
    assert TableTarget(["y"]).read(rows, ["1", "0"]).tolist() == [1, 0]
    assert TableTarget(["y"]).read(rows, None).tolist() == [0.0, 1.0]
    assert TableTarget(["y", "z"]).read(rows, ["y", "z"]).tolist() == [[0, 1], [1, 1]]


def test_wrong_targets_are_refused(tmp_path: Path) -> None:
    for names in ([], ["y", "y"]):
        with pytest.raises(ValueError, match="target must name one or more columns, each once"):
            TableTarget(names)
    with pytest.raises(ValueError, match="kind must be 'classification' or 'regression', got 'x'"):
        TableTarget(["y"], "x")  # type: ignore[arg-type]
    file = table(tmp_path, "price\n1\n2\n")
    with pytest.raises(DataError, match=r"column 'prize': is missing \(did you mean 'price'\?"):
        TableTarget(["prize"]).kind_in(file)
    with pytest.raises(DataError, match="column 'prize': is missing"):
        TableTarget(["prize"]).read(TableRows(file), None)


def test_the_targets_of_a_checkpoint_are_the_same_ones() -> None:
    TableTarget(["y"]).check_same(["y"], "regression")
    TableTarget(["y"], "regression").check_same(["y"], "regression")
    with pytest.raises(ValueError, match=r"target must be \['y'\], as .*, got \['x'\]: set it"):
        TableTarget(["x"]).check_same(["y"], "regression")
    with pytest.raises(ValueError, match="kind must be 'classification', as .*, got 'regression'"):
        TableTarget(["y"], "regression").check_same(["y"], "classification")
