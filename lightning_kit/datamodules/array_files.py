"""Read named arrays from ``.npz``, ``.npy`` and ``.safetensors`` files; nothing is unpickled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from lightning_kit.artefact.rows import numpy_file
from lightning_kit.artefact.rows.numpy_file import check_names, check_there, read_numpy, torn

SUFFIXES = (*numpy_file.SUFFIXES, ".safetensors")
Array = NDArray[Any]


def read_arrays(path: str, names: Sequence[str]) -> dict[str, Array]:
    """Read the arrays called ``names``; a ``.npy`` file has one, which is given the first name.

    Raises:
        DataError: If the file is missing, empty, torn or pickled, or has no array of a name.
    """
    file = Path(path)
    return (
        _read_safetensors(file, names) if file.suffix == ".safetensors" else read_numpy(file, names)
    )


def _read_safetensors(file: Path, names: Sequence[str]) -> dict[str, Array]:
    check_there(file)
    try:
        with safe_open(file, framework="pt") as archive:
            check_names(file, names, list(archive.keys()))
            tensors = {name: archive.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise torn(file, error) from error
    return {
        name: (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
        for name, tensor in tensors.items()
    }
