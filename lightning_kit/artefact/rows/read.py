"""Read raw rows from a file, by its suffix."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from lightning_kit.artefact.encoders import Encoder, RawRows
from lightning_kit.artefact.encoding import columns_of, has_image
from lightning_kit.artefact.rows import numpy_file, pictures
from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.flat import read_flat
from lightning_kit.artefact.rows.jsonl import read_jsonl
from lightning_kit.artefact.rows.numpy_file import read_numpy
from lightning_kit.artefact.rows.pictures import read_pictures
from lightning_kit.artefact.rows.table_file import PARQUET, SEPARATORS, TableFile
from lightning_kit.artefact.tensor_spec import TensorSpec

TABLES = (*SEPARATORS, *PARQUET)
KNOWN = (*TABLES, ".jsonl", *numpy_file.SUFFIXES, *pictures.SUFFIXES)


def read_rows(
    path: str | Path, encoders: Sequence[Encoder] | None, inputs: Sequence[TensorSpec]
) -> RawRows:
    """Return the raw rows of ``path``: the columns that the encoders or the inputs ask for.

    =========================== ================================================================
    file                        rows
    =========================== ================================================================
    ``.csv`` ``.tsv`` ``.parquet`` with encoders a column each, as in training; without, one each
                                number: ``input_0``, ``input_1`` and so on; a picture is bytes
                                (Parquet) or base64
    ``.jsonl``                  an object a line; arrays are lists, a picture is base64
    ``.npz`` ``.npy``           arrays ``(N, ...)``; a ``.npy`` file is the only column
    a picture, or a folder      where the encoder is one of images
    =========================== ================================================================

    Raises:
        DataError: If there is no such file, its suffix is unknown, it is broken, or lacks a column;
            it names file, row and column.
        ImportError: If pyarrow is needed and not installed.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if file.is_dir() or suffix in pictures.SUFFIXES:
        return _pictures(file, encoders, inputs)
    if suffix not in KNOWN:
        raise DataError(f"must end in one of {', '.join(KNOWN)}", file=file)
    _check_there(file)
    columns = columns_of(encoders, inputs)
    if suffix == ".jsonl":
        return read_jsonl(file, columns)
    if suffix in numpy_file.SUFFIXES:
        if suffix == ".npy" and len(columns) > 1:
            rule = "holds one array, and the rows have columns"
            raise DataError(rule, file=file, value=", ".join(columns), way_out="give an .npz file")
        return read_numpy(file, columns)
    table = TableFile(str(path))
    if encoders is None:
        return read_flat(table, inputs)
    if has_image(encoders):
        return {name: table.contents(name) for name in columns}
    return {name: table.cells(name) for name in columns}


def _pictures(
    path: Path, encoders: Sequence[Encoder] | None, inputs: Sequence[TensorSpec]
) -> RawRows:
    if not has_image(encoders):
        wanted = ", ".join(columns_of(encoders, inputs))
        raise DataError(
            "is no file of rows, and the model takes no picture files",
            file=path,
            way_out=f"its columns are {wanted}; a file ends in one of {', '.join(KNOWN)}",
        )
    if not path.is_dir():
        _check_there(path)
    (column,) = columns_of(encoders, inputs)
    return read_pictures(path, column)


def _check_there(file: Path) -> None:
    if file.is_file():
        if not file.stat().st_size:
            raise DataError("must not be empty, has 0 bytes", file=file)
        return
    beside = [other.name for other in file.parent.glob("*.*") if other.suffix.lower() in KNOWN]
    close = get_close_matches(file.name, beside, n=1)
    hint = f"did you mean {file.with_name(close[0])}?" if close else f"looked from {Path.cwd()}"
    raise DataError("there is no such file", file=file, way_out=hint)
