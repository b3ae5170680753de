"""Read the index of a sharded checkpoint, a pickle, without running anything that it names."""

import io
import pickle
from pathlib import Path
from typing import Any, ClassVar, final

import torch
from torch.distributed.checkpoint.filesystem import FileSystemReader
from torch.distributed.checkpoint.metadata import (
    _MEM_FORMAT_ENCODING,
    Metadata,
    StorageMeta,
)

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
# Taken down before any index was read.
_MEMBERS = dict(_MEM_FORMAT_ENCODING.__members__)


@final
class IndexedShards(FileSystemReader):
    """torch's reader of shards, with an index that was read as plain data.

    torch's own would unpickle the file once more, and what is plain where ``getattr`` is not the
    real one need not be so there.

    Args:
        folder: Of the checkpoint.
        index: Its file in there.

    Raises:
        ValueError: If the index is torn, or holds more than plain data.
    """

    def __init__(self, folder: Path, index: str) -> None:
        super().__init__(folder)
        self._index = _read(folder / index)

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        stored = self._index.storage_meta or StorageMeta()
        stored.load_id = self.load_id
        self._index.storage_meta = stored
        return self._index


def _read(path: Path) -> Metadata:
    try:
        found = _PlainOnly(io.BytesIO(path.read_bytes())).load()
    except _NotPlainError as error:
        raise ValueError(
            f"{path}: holds more than plain data, and loading it could run code ({error})"
        ) from error
    except Exception as error:
        raise ValueError(f"{path}: not a whole index of shards ({error})") from error
    if not isinstance(found, Metadata) or not isinstance(found.state_dict_metadata, dict):
        raise ValueError(f"{path}: not a whole index of shards (it holds a {type(found).__name__})")
    return found


# The one in Python: the other one has no hook where state is set.
_Unpickler: Any = vars(pickle)["_Unpickler"]


@final
class _PlainOnly(_Unpickler):
    """Build what an index of shards is made of, and nothing else."""

    dispatch: ClassVar[dict[int, Any]] = dict(_Unpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        is_dtype = module == "torch" and isinstance(getattr(torch, name, None), torch.dtype)
        if (module, name) == ("builtins", "getattr"):
            return _member
        # A name with a dot would reach into a class.
        if is_dtype or ((module, name) in HARMLESS and "." not in name):
            return super().find_class(module, name)
        raise _NotPlainError(f"{module}.{name}")

    def load_build(self) -> None:
        # Setting the state of a class, or of a function, would change it for everybody.
        owner = self.stack[-2]
        if isinstance(owner, type) or callable(owner):
            raise _NotPlainError(f"the state of {owner!r}")
        super().load_build()

    dispatch[pickle.BUILD[0]] = load_build


def _member(owner: Any, name: str) -> Any:
    """Stand in for the getattr by which the first Pythons 3.11 pickle a member of an enum.

    https://github.com/python/cpython/pull/26658
    """
    if owner is _MEM_FORMAT_ENCODING and name in _MEMBERS:
        return _MEMBERS[name]
    raise _NotPlainError(f"builtins.getattr of {name!r}")


@final
class _NotPlainError(pickle.UnpicklingError):
    """A name that an index of shards has no need of."""
