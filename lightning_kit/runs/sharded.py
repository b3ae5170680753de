"""Read the weights of a checkpoint that is a folder of shards, in one process."""

import io
import pickle
import warnings
from enum import EnumType
from pathlib import Path
from typing import Any, final

import torch
from torch.distributed.checkpoint.filesystem import FileSystemReader
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load

from lightning_kit.runs.zero_shards import is_of_deepspeed, read_zero

METADATA, SETTINGS = ".metadata", "meta.pt"
# What Lightning's FSDP and model-parallel strategies keep the module's weights under.
MODEL = "model"
_METADATA = (
    "Metadata", "MetadataIndex", "StorageMeta", "TensorStorageMetadata", "TensorProperties",
    "ChunkStorageMetadata", "BytesStorageMetadata", "_MEM_FORMAT_ENCODING",
)  # fmt: skip
# All that torch writes into an index of shards: types of data, by name, for beside them lie
# functions that load more.
HARMLESS = {
    *(("torch.distributed.checkpoint.metadata", name) for name in _METADATA),
    ("torch.distributed.checkpoint.filesystem", "_StorageInfo"),
    ("torch.distributed.checkpoint.filesystem", "_StoragePrefix"),
    ("torch", "Size"),
    ("torch.serialization", "_get_layout"),
    ("collections", "OrderedDict"),
    ("pathlib", "PosixPath"),
    ("pathlib", "WindowsPath"),
}


def read_sharded(folder: Path, *, weights_only: bool = True) -> dict[str, Any]:
    """Return what a sharded checkpoint holds, with whole weights.

    Args:
        folder: Of FSDP, model parallelism or DeepSpeed.
        weights_only: False: trust what DeepSpeed pickled. An index of the others is plain always.

    Raises:
        ValueError: If it is of another kind, torn, or holds more than plain data.
    """
    if is_of_deepspeed(folder):
        return read_zero(folder, weights_only=weights_only)
    if not (folder / METADATA).is_file():
        raise ValueError(f"{folder}: is a folder without {METADATA}, so no checkpoint")
    _refuse_code(folder / METADATA)
    content: dict[str, Any] = {}
    if (folder / SETTINGS).is_file():
        try:
            content = torch.load(folder / SETTINGS, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise ValueError(f"{folder / SETTINGS}: holds more than plain data") from error
    return {**content, "state_dict": _weights(folder)}


def _weights(folder: Path) -> dict[str, Any]:
    reader = FileSystemReader(folder)
    prefix = f"{MODEL}."
    entries = reader.read_metadata().state_dict_metadata
    state: dict[str, Any] = {}
    for name, entry in entries.items():
        if not name.startswith(prefix):
            continue
        if not isinstance(entry, TensorStorageMetadata):
            # Whatever is no tensor lies in the shards as a pickle.
            raise ValueError(f"{folder}: {name!r} is no tensor, and loading it could run code")
        state[name] = torch.empty(entry.size, dtype=entry.properties.dtype)
    if not state:
        raise ValueError(f"{folder}: no weights under {MODEL!r}: not a checkpoint of Lightning's")
    with warnings.catch_warnings():
        # One process is meant.
        warnings.filterwarnings("ignore", "torch.distributed is disabled", UserWarning)
        load(state, storage_reader=reader, no_dist=True)
    return {name.removeprefix(prefix): value for name, value in state.items()}


@final
class _PlainOnly(pickle.Unpickler):
    """Build what an index of shards is made of, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        is_dtype = module == "torch" and isinstance(getattr(torch, name, None), torch.dtype)
        if (module, name) == ("builtins", "getattr"):
            return _member
        if (module, name) in HARMLESS or is_dtype:
            return super().find_class(module, name)
        raise _NotPlainError(f"{module}.{name}")


def _member(owner: Any, name: str) -> Any:
    """Stand in for the getattr by which the first Pythons 3.11 pickle a member of an enum.

    https://github.com/python/cpython/pull/26658
    """
    if isinstance(owner, EnumType) and name in owner.__members__:
        return owner[name]
    raise _NotPlainError(f"builtins.getattr of {name!r}")


@final
class _NotPlainError(pickle.UnpicklingError):
    """A name that an index of shards has no need of."""


def _refuse_code(path: Path) -> None:
    """Read an index as torch will, which unpickles it, and refuse whatever is no plain data."""
    try:
        _PlainOnly(io.BytesIO(path.read_bytes())).load()
    except _NotPlainError as error:
        raise ValueError(
            f"{path}: holds more than plain data, and loading it could run code ({error})"
        ) from error
    except Exception as error:
        raise ValueError(f"{path}: not a whole index of shards ({error})") from error
