"""JSON lines: one object a row."""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from lightning_kit.artefact.json_cells import from_json
from lightning_kit.artefact.rows.errors import DataError


def read_jsonl(file: Path, columns: Sequence[str]) -> dict[str, list[Any]]:
    """Return the cells of ``columns``; keys beside them are ignored, and so are empty lines.

    A missing cell is null. File contents are ``{"base64": ...}``, arrays are lists.

    Raises:
        DataError: If there is no row, a line is no JSON object, or lacks a column.
    """
    cells: dict[str, list[Any]] = {name: [] for name in columns}
    row = 0
    # Not `splitlines`, which also ends a line at what JSON text may hold, such as U+2028.
    for line in file.read_bytes().split(b"\n"):
        if not line.strip():
            continue
        row += 1
        plain = _object(line, file, row)
        for name in columns:
            if name not in plain:
                raise _missing(name, plain, file, row)
            try:
                cells[name].append(from_json(plain[name]))
            except ValueError as error:
                raise DataError(str(error), file=file, row=row, column=name) from None
    if not row:
        raise DataError("must have at least one row", file=file)
    return cells


def _object(line: bytes, file: Path, row: int) -> dict[str, Any]:
    try:
        plain = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise DataError("must be text in UTF-8", file=file, row=row) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"must be JSON: {error}", file=file, row=row) from None
    if not isinstance(plain, dict):
        raise DataError("must be a JSON object", file=file, row=row, value=str(plain)[:40])
    return plain


def _missing(name: str, plain: dict[str, Any], file: Path, row: int) -> DataError:
    close = get_close_matches(name, list(plain), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"columns: {', '.join(plain)}"
    return DataError(
        "is missing in the row, where a missing cell is null",
        file=file, row=row, column=name, way_out=hint,
    )  # fmt: skip
