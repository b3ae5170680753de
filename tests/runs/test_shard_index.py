"""An index of shards is read as data, whatever it names and however it goes about it."""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    _MEM_FORMAT_ENCODING,
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)

from lightning_kit.runs.shard_index import IndexedShards


class ByName:
    """Pickled as the first Pythons 3.11 pickle a member of an enum, or anything else."""

    def __init__(self, owner: Any, name: str) -> None:
        self.owner, self.name = owner, name

    def __reduce__(self) -> Any:
        return getattr, (self.owner, self.name)


def index_of(folder: Path, content: Any) -> IndexedShards:
    data = content if isinstance(content, bytes) else pickle.dumps(content)
    (folder / "index").write_bytes(data)
    return IndexedShards(folder, "index")


def metadata() -> Metadata:
    weight = TensorStorageMetadata(
        TensorProperties(torch.float32),
        torch.Size([2]),
        [ChunkStorageMetadata(torch.Size([0]), torch.Size([2]))],
    )
    place = {MetadataIndex("model.a", torch.Size([0])): _StorageInfo("__0_0.distcp", 0, 8)}
    return Metadata({"model.a": weight}, storage_data=place)


def test_what_torch_writes_is_read(tmp_path: Path) -> None:
    reader = index_of(tmp_path, metadata())
    found = reader.read_metadata()
    assert found.state_dict_metadata == metadata().state_dict_metadata
    assert found.storage_data == metadata().storage_data
    assert found.storage_meta is not None
    assert found.storage_meta.load_id == reader.load_id


def test_a_member_of_an_enum_may_be_pickled_by_its_name(tmp_path: Path) -> None:
    found = metadata()
    found.planner_data = ByName(_MEM_FORMAT_ENCODING, "TORCH_CONTIGUOUS_FORMAT")
    member = index_of(tmp_path, found).read_metadata().planner_data
    assert member is _MEM_FORMAT_ENCODING.TORCH_CONTIGUOUS_FORMAT


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (OrderedDict, "fromkeys"), (Metadata, "__init__"),
        (_MEM_FORMAT_ENCODING, "__init__"), (_MEM_FORMAT_ENCODING, "name"),
    ],
)  # fmt: skip
def test_nothing_else_is_reached_by_a_name(tmp_path: Path, owner: Any, name: str) -> None:
    with pytest.raises(ValueError, match=f"could run code .builtins.getattr of '{name}'"):
        index_of(tmp_path, ByName(owner, name))


def text(value: str) -> bytes:
    return b"X" + len(value.encode()).to_bytes(4, "little") + value.encode()


def test_a_class_is_not_changed_so_that_it_gives_what_it_should_not(tmp_path: Path) -> None:
    """The enum's own tables are set first, so that any name seems to be a member of it."""
    enum_class = b"ctorch.distributed.checkpoint.metadata\n_MEM_FORMAT_ENCODING\n"
    table = b"}(" + text("__init__") + b"h\x00" + b"u"
    change = b"(N}(" + text("_member_map_") + table + b"utb0"
    reach = b"cbuiltins\ngetattr\n(h\x00" + text("__init__") + b"tR."
    before = dict(_MEM_FORMAT_ENCODING.__members__)
    with pytest.raises(ValueError, match="could run code .the state of <enum"):
        index_of(tmp_path, b"\x80\x02" + enum_class + b"q\x00" + change + reach)
    assert dict(_MEM_FORMAT_ENCODING.__members__) == before


def test_a_name_within_a_class_is_refused(tmp_path: Path) -> None:
    home, name = "torch.distributed.checkpoint.metadata", "Metadata.__init__.__globals__"
    data = b"\x80\x04" + text(home) + text(name) + b"\x93."
    with pytest.raises(ValueError, match="could run code"):
        index_of(tmp_path, data)


@pytest.mark.parametrize("content", [{"a": 1}, b"torn", b"", OrderedDict(), Metadata(3)])  # type: ignore[arg-type]
def test_what_is_no_index_is_refused_in_one_line(tmp_path: Path, content: Any) -> None:
    with pytest.raises(ValueError, match="not a whole index of shards"):
        index_of(tmp_path, content)
