import sys
from pathlib import Path

import pytest

from lightning_kit.artefact.rows.table_readers import pyarrow, read_text


def test_every_column_is_text_and_missing_cells_are_empty(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,NA\n,2024-01-01\n")
    table = read_text(tmp_path / "a.csv", ",")
    assert table.to_pydict() == {"a": ["1", ""], "b": ["NA", "2024-01-01"]}


def test_quoted_newlines_may_lie_where_blocks_are_cut(tmp_path: Path) -> None:
    # Arrow reads blocks of 1 MiB; here every other newline is inside a cell.
    (tmp_path / "a.csv").write_text("a,b\n" + '1,"x\ny"\n' * 300_000)
    table = read_text(tmp_path / "a.csv", ",")
    assert table.num_rows == 300_000
    assert table.column("b").unique().to_pylist() == ["x\ny"]


def test_without_pyarrow_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'lightning_kit\[data\]'"):
        pyarrow()
