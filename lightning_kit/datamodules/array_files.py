"""Read named arrays from ``.npz``, ``.npy`` and ``.safetensors`` files; nothing is unpickled."""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.datamodules.errors import DataError

SUFFIXES = (".npz", ".npy", ".safetensors")
Array = NDArray[Any]


def read_arrays(path: str, names: Sequence[str]) -> dict[str, Array]:
    """Read the arrays called ``names``; a ``.npy`` file has one, which is given the only name.

    Raises:
        DataError: If the file is missing, empty, torn or pickled, or has no array of a name.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError("there is no such file", file=path, way_out=f"looked from {Path.cwd()}")
    if not file.stat().st_size:
        raise DataError("the file is empty", file=path)
    if file.suffix == ".safetensors":
        return _read_safetensors(path, names)
    try:
        with file.open("rb") as stream:
            return _read_numpy(np.load(stream, allow_pickle=False), path, names)
    except (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, DataError):
            raise
        # numpy takes any file that it does not know for a pickle; one begins with this byte.
        if "Object arrays" in str(error) or file.read_bytes()[:1] == b"\x80":
            raise _pickled(path) from error
        raise _torn(path, error) from error


def _read_numpy(loaded: Any, path: str, names: Sequence[str]) -> dict[str, Array]:
    if isinstance(loaded, np.ndarray):
        return {names[0]: loaded}
    with loaded:
        _check_names(path, names, loaded.files)
        return {name: loaded[name] for name in names}


def _read_safetensors(path: str, names: Sequence[str]) -> dict[str, Array]:
    import torch
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as archive:
            _check_names(path, names, list(archive.keys()))
            tensors = {name: archive.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise _torn(path, error) from error
    return {
        name: (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
        for name, tensor in tensors.items()
    }


def _check_names(path: str, names: Sequence[str], present: Sequence[str]) -> None:
    for name in names:
        if name not in present:
            raise DataError(
                "there is no such array",
                file=path,
                column=name,
                way_out=f"the file has {', '.join(sorted(present)) or 'none'}",
            )


def _pickled(path: str) -> DataError:
    return DataError(
        "holds pickled objects, which could run code and are never loaded",
        file=path,
        way_out="save plain numbers: numpy.savez(path, input=input.astype('float32'), ...)",
    )


def _torn(path: str, error: Exception) -> DataError:
    kind = Path(path).suffix
    return DataError(f"not a whole {kind} file: {error}", file=path, way_out="write it again")
