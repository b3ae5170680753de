from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.table_columns import ListedColumns, infer_kind


def table(folder: Path, **columns: list[Any]) -> TableFile:
    pq.write_table(pa.table(columns), folder / "a.parquet")
    return TableFile(str(folder / "a.parquet"))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5", "", "NA"], "number"),
        (["2024-01-01", "", "2024-01-01 10:00"], "date"),
        (["red", "", "blue"], "category"),
        (["20240101", "20240102"], "number"),
        (["a", "1", "b"], "category"),
        ([1, 2], "number"),
        ([0.5, None], "number"),
        ([True, False], "category"),
        ([__import__("datetime").date(2024, 1, 1)], "date"),
    ],
)
def test_a_kind_is_what_all_cells_can_be_read_as(
    tmp_path: Path, cells: list[Any], kind: str
) -> None:
    assert infer_kind(table(tmp_path, a=cells), "a") == kind


def test_one_bad_number_does_not_make_a_category(tmp_path: Path) -> None:
    message = r"row 4, column 'a': must be a number, as most of the column is, got '\?'"
    with pytest.raises(DataError, match=message):
        infer_kind(table(tmp_path, a=["1", "", "2", "?", "3"]), "a")
    with pytest.raises(DataError, match="row 3, column 'a': must be an ISO date, as most"):
        infer_kind(table(tmp_path, a=["2024-01-01", "2024-01-02", "tomorrow"]), "a")


def test_a_column_of_nothing_or_of_identifiers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column 'a': must have a value \(ignore it\)"):
        infer_kind(table(tmp_path, a=["", None]), "a")
    names = [f"id-{row}" for row in range(20)]
    with pytest.raises(DataError, match="column 'a': must not have another text in most rows"):
        infer_kind(table(tmp_path, a=names), "a")
    assert infer_kind(table(tmp_path, a=names[:19]), "a") == "category"


def test_texts_that_mostly_differ_are_refused_unless_listed(tmp_path: Path) -> None:
    rows = table(tmp_path, a=[f"id-{row % 13}" for row in range(25)])
    message = r"column 'a': must not have another text in most rows, got '13 texts in 25 rows'"
    with pytest.raises(DataError, match=message):
        infer_kind(rows, "a")
    assert ListedColumns(categorical=["a"]).choose(rows, set()) == {"a": "category"}
    few = table(tmp_path, a=[f"id-{row % 12}" for row in range(25)])
    assert infer_kind(few, "a") == "category"


@pytest.mark.parametrize("day", ["31/12/2024", "1/2/24", "31.12.2024", "2024/12/31 10:00"])
def test_dates_that_are_not_iso_are_no_categories(tmp_path: Path, day: str) -> None:
    rows = table(tmp_path, a=["", day, day])
    message = f"row 2, column 'a': a date must be ISO, such as 2024-01-31, got '{day}' .write it so"
    with pytest.raises(DataError, match=message):
        infer_kind(rows, "a")
    assert ListedColumns(categorical=["a"]).choose(rows, set()) == {"a": "category"}
    assert infer_kind(table(tmp_path, a=["10.0.0.1", "1.2.3", "1/2"]), "a") == "category"


def test_listed_columns_win_and_the_rest_is_inferred(tmp_path: Path) -> None:
    rows = table(tmp_path, b=["1", "2"], a=["1", "2"], y=["u", "v"], g=["1", "1"], c=["x", "x"])
    listed = ListedColumns(categorical=["a"], ignore=["c"])
    assert list(listed.choose(rows, {"y", "g"}).items()) == [("b", "number"), ("a", "category")]
    # A column with another use is a feature where it is listed.
    assert ListedColumns(numeric=["g"], ignore=["a", "b", "c"]).choose(rows, {"y", "g"}) == {
        "g": "number"
    }


def test_an_ignored_column_may_hold_anything(tmp_path: Path) -> None:
    rows = table(tmp_path, a=[1, 2], bad=[[1], [2]])
    assert ListedColumns(ignore=["bad"]).choose(rows, set()) == {"a": "number"}
    with pytest.raises(DataError, match="column 'bad': must hold numbers, text"):
        ListedColumns().choose(rows, set())


def test_wrong_lists_are_refused(tmp_path: Path) -> None:
    rows = table(tmp_path, size=[1, 2])
    with pytest.raises(ValueError, match="listed once, got 'a' in numeric and in ignore"):
        ListedColumns(numeric=["a"], ignore=["a"])
    for listed in (ListedColumns(dates=["sise"]), ListedColumns(ignore=["sise"])):
        with pytest.raises(DataError, match="column 'sise': is missing .*did you mean 'size'"):
            listed.choose(rows, set())
    with pytest.raises(DataError, match="must have a column that is a feature"):
        ListedColumns().choose(rows, {"size"})


def test_encoders_of_other_columns_are_refused() -> None:
    encoders = [{"kind": "number", "column": "a"}, {"kind": "category", "column": "b"}]
    ListedColumns(numeric=["a"]).check_same(encoders)
    ListedColumns(categorical=["b"], ignore=["c"]).check_same(encoders)
    with pytest.raises(ValueError, match="'a' must be number, as the checkpoint .*, got category"):
        ListedColumns(categorical=["a"]).check_same(encoders)
    with pytest.raises(ValueError, match="'c' must be no feature, as the checkpoint .* got date"):
        ListedColumns(dates=["c"]).check_same(encoders)
    with pytest.raises(ValueError, match="'b' must be category, .*, got no feature"):
        ListedColumns(ignore=["b"]).check_same(encoders)


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("ns", tz="UTC")])
def test_a_date_by_type_needs_no_look_at_its_cells(tmp_path: Path, kind: Any) -> None:
    pq.write_table(pa.table({"a": pa.array([None, None], kind)}), tmp_path / "a.parquet")
    assert infer_kind(TableFile(str(tmp_path / "a.parquet")), "a") == "date"
