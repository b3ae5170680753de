"""Read a whole file with pyarrow; what is wrong with it is an error that names the row."""

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

from lightning_kit.artefact.extras import imported
from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.table_quotes import refuse_stray_quotes


def read_text(file: Path, separator: str) -> Any:
    """Return the Arrow table of a CSV file, every column as text.

    Raises:
        DataError: If it is not UTF-8, has rows of another length, names that are ambiguous, or a
            quote that swallows rows.
    """
    names = _header(file, separator)
    _check_names(names, file)
    arrow_csv, arrow = pyarrow("csv"), pyarrow()
    try:
        table = arrow_csv.read_csv(
            file,
            # Only a serial reader can say which row is wrong.
            read_options=arrow_csv.ReadOptions(use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, arrow.string()), strings_can_be_null=False
            ),
        )
    except arrow.ArrowInvalid as error:
        refuse_stray_quotes(file, separator)
        raise _wrong_row(str(error), file, names) from error
    # Reading again takes long: only where a quote may have swallowed a row.
    if any(_has_line_breaks(column) for column in table.columns):
        refuse_stray_quotes(file, separator)
    return table


def _has_line_breaks(column: Any) -> bool:
    compute = pyarrow("compute")
    return bool(compute.any(compute.match_substring_regex(column, r"[\r\n]")).as_py())


def _header(file: Path, separator: str) -> list[str]:
    """Read the names before Arrow does: it would merge two columns of one name."""
    try:
        # A wrong byte behind the header is Arrow's to find, which knows the row.
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            names = next((row for row in csv.reader(lines, delimiter=separator) if row), [])
        "".join(names).encode()
    except csv.Error as error:
        refuse_stray_quotes(file, separator)
        raise DataError(f"has a header that cannot be read: {error}", file=file) from error
    except UnicodeEncodeError as error:
        raise DataError("must be text in UTF-8", file=file) from error
    if not names:
        raise DataError("must have a header line", file=file)
    if len(names) == 1 and ";" in names[0]:
        raise DataError("must have its columns separated by commas", file=file, value=names[0][:40])
    return names


def _wrong_row(message: str, file: Path, names: list[str]) -> DataError:
    found = re.search(r"Row #(\d+): (.*)", message, flags=re.DOTALL)
    if found is None:
        return DataError(f"cannot be read as CSV: {message}", file=file)
    # Arrow counts the header as row 1.
    row, rule = int(found[1]) - 1, found[2]
    if ragged := re.match(r"Expected (\d+) columns, got (\d+)", rule):
        return DataError(f"must have {ragged[1]} cells", file=file, row=row, value=int(ragged[2]))
    column = re.search(r"column #(\d+)", message)
    name = names[int(column[1])] if column else None
    rule = "must be text in UTF-8" if "UTF8" in rule else rule
    return DataError(rule, file=file, row=row, column=name)


def read_parquet(file: Path) -> Any:
    """Return the Arrow table of a Parquet file.

    Raises:
        DataError: If it is broken, or has names that are ambiguous.
    """
    arrow_parquet, arrow = pyarrow("parquet"), pyarrow()
    try:
        # Not `read_table`, which adds columns for folders named like `year=2024`.
        with arrow_parquet.ParquetFile(file) as opened:
            table = opened.read()
    except (arrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"cannot be read as Parquet: {reason}", file=file) from error
    _check_names(table.column_names, file)
    return table


def _check_names(names: list[str], file: Path) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise DataError(f"must occur once, is there {count} times", file=file, column=name)
        if not name.strip():
            place = f"name of column {names.index(name) + 1}"
            raise DataError(
                f"the {place} must not be empty",
                file=file,
                way_out="if it counts the rows, leave it out when writing (pandas: index=False)",
            )


def pyarrow(module: str = "") -> Any:
    """Import pyarrow where a table is read: it is an extra, and takes a moment."""
    return imported(f"pyarrow.{module}" if module else "pyarrow", "tables", "data")
