"""A CSV or Parquet file as columns of raw cells, with errors that name the row."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.table_readers import pyarrow, read_parquet, read_text

SEPARATORS = {".csv": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")


@final
class TableFile:
    """The columns of one file, kept as Arrow holds them: about as large as the file.

    Cells of text files stay text: what is a number is for an encoder to say. Rows are counted
    from 1 in errors, the header not included.

    Args:
        path: A ``.csv`` (comma, UTF-8, header), ``.tsv`` (tab) or ``.parquet`` file.

    Raises:
        DataError: If there is no such file, it is empty or broken, or its header is ambiguous.
        ImportError: If pyarrow is not installed.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        file = Path(path)
        _check_file(file)
        self._table = _read(file)
        self.names: list[str] = self._table.column_names
        self.num_rows: int = self._table.num_rows
        if not self.num_rows:
            raise DataError("must have at least one row", file=path)

    def cells(self, name: str, rows: NDArray[np.int64] | None = None) -> NDArray[Any]:
        """Return raw cells, all or those of 0-based ``rows``: numbers, or text, truth and None.

        Dates come as ISO text. A missing number is NaN.

        Raises:
            DataError: If there is no such column, or it holds lists or other nested things.
        """
        self.check_has(name)
        column = self._table.column(name)
        arrow = pyarrow()
        if arrow.types.is_string_view(column.type):
            # Rows of a view cannot be taken (pyarrow 26).
            column = column.cast(arrow.large_string())
        if rows is not None:
            column = column.take(rows)
        return _as_numpy(column, name, self.path)

    def contents(self, name: str) -> Sequence[Any]:
        """Return the contents of files that a column of bytes holds; of others :meth:`cells`."""
        self.check_has(name)
        column, types = self._table.column(name), pyarrow().types
        is_binary = (types.is_binary, types.is_large_binary, types.is_binary_view)
        if any(holds(column.type) for holds in is_binary):
            contents: list[bytes | None] = column.to_pylist()
            return contents
        return list(self.cells(name))

    def check_has(self, name: str) -> None:
        if name not in self.names:
            close = get_close_matches(name, self.names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"columns: {', '.join(self.names)}"
            raise DataError("is missing", file=self.path, column=name, way_out=hint)

    def type_of(self, name: str) -> str:
        """Return Arrow's name of a column's type; ``string`` for all columns of a text file."""
        return str(self._table.schema.field(name).type)


def _read(file: Path) -> Any:
    suffix = file.suffix.lower()
    return read_parquet(file) if suffix in PARQUET else read_text(file, SEPARATORS[suffix])


def _check_file(file: Path) -> None:
    known = [*SEPARATORS, *PARQUET]
    if not file.is_file():
        beside = [other.name for other in file.parent.glob("*.*") if other.suffix in known]
        close = get_close_matches(file.name, beside, n=1)
        hint = f"did you mean {file.with_name(close[0])}?" if close else ""
        what = "must be a file, not a folder" if file.is_dir() else "no such file"
        raise DataError(what, file=file, way_out=hint)
    if file.suffix.lower() not in known:
        raise DataError(f"must end in one of {', '.join(known)}", file=file)
    if not file.stat().st_size:
        raise DataError("must not be empty, has 0 bytes", file=file)


def _as_numpy(column: Any, name: str, path: str) -> NDArray[Any]:
    arrow = pyarrow()
    types, kind = arrow.types, column.type
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if types.is_date(kind) or types.is_timestamp(kind):
        column = column.cast(arrow.string())
    elif types.is_decimal(kind):
        column = column.cast(arrow.float64())
    elif not (_is_text(kind, types) or _is_plain(kind, types)):
        rule = "must hold numbers, text, truth values or dates"
        raise DataError(rule, file=path, column=name, value=str(kind))
    cells: NDArray[Any] = column.to_numpy()
    return cells


def _is_text(kind: Any, types: Any) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _is_plain(kind: Any, types: Any) -> bool:
    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_null(kind)
    )
