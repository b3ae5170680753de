"""Read named arrays from ``.npz`` and ``.npy`` files; nothing is unpickled."""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.rows.errors import DataError

SUFFIXES = (".npz", ".npy")


def read_numpy(file: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read the arrays called ``names``; a ``.npy`` file has one, which is given the first name.

    Raises:
        DataError: If the file is missing, empty, torn or pickled, or has no array of a name.
    """
    check_there(file)
    try:
        with file.open("rb") as stream:
            return _named(np.load(stream, allow_pickle=False), file, names)
    except (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, DataError):
            raise
        # numpy takes any file that it does not know for a pickle; one begins with this byte.
        if "Object arrays" in str(error) or file.read_bytes()[:1] == b"\x80":
            raise _pickled(file) from error
        raise torn(file, error) from error


def check_there(file: Path) -> None:
    """Refuse a file that is missing or empty."""
    if not file.is_file():
        raise DataError("there is no such file", file=file, way_out=f"looked from {Path.cwd()}")
    if not file.stat().st_size:
        raise DataError("the file is empty", file=file)


def check_names(file: Path, names: Sequence[str], present: Sequence[str]) -> None:
    """Refuse a file without an array of one of ``names``."""
    for name in names:
        if name not in present:
            raise DataError(
                "there is no such array",
                file=file,
                column=name,
                way_out=f"the file has {', '.join(sorted(present)) or 'none'}",
            )


def torn(file: Path, error: Exception) -> DataError:
    return DataError(
        f"not a whole {file.suffix} file: {error}", file=file, way_out="write it again"
    )


def _named(loaded: Any, file: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    if isinstance(loaded, np.ndarray):
        return {names[0]: loaded}
    with loaded:
        check_names(file, names, loaded.files)
        return {name: loaded[name] for name in names}


def _pickled(file: Path) -> DataError:
    return DataError(
        "holds pickled objects, which could run code and are never loaded",
        file=file,
        way_out="save plain numbers: numpy.savez(path, input=input.astype('float32'), ...)",
    )
