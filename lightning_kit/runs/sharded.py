"""Read the weights of a checkpoint that is a folder of shards, in one process."""

import pickle
import warnings
from pathlib import Path
from typing import Any

import torch
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load

from lightning_kit.runs.shard_index import IndexedShards
from lightning_kit.runs.zero_shards import is_of_deepspeed, read_zero

METADATA, SETTINGS = ".metadata", "meta.pt"
# What Lightning's FSDP and model-parallel strategies keep the module's weights under.
MODEL = "model"


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
    reader = IndexedShards(folder, METADATA)
    content: dict[str, Any] = {}
    if (folder / SETTINGS).is_file():
        try:
            content = torch.load(folder / SETTINGS, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise ValueError(f"{folder / SETTINGS}: holds more than plain data") from error
    return {**content, "state_dict": _weights(folder, reader)}


def _weights(folder: Path, reader: IndexedShards) -> dict[str, Any]:
    prefix = f"{MODEL}."
    entries = reader.read_metadata().state_dict_metadata
    state: dict[str, Any] = {}
    for name, entry in entries.items():
        if not name.startswith(prefix):
            continue
        if not isinstance(entry, TensorStorageMetadata):
            # Whatever is no tensor lies in the shards as a pickle.
            raise ValueError(f"{folder}: {name!r} is no tensor, and loading it could run code")
        try:
            state[name] = torch.empty(entry.size, dtype=entry.properties.dtype)
        except (AttributeError, TypeError, RuntimeError) as error:
            raise ValueError(f"{folder}: {name!r} has no size and type ({error})") from error
    if not state:
        raise ValueError(f"{folder}: no weights under {MODEL!r}: not a checkpoint of Lightning's")
    with warnings.catch_warnings():
        # One process is meant.
        warnings.filterwarnings("ignore", "torch.distributed is disabled", UserWarning)
        load(state, storage_reader=reader, no_dist=True)
    return {name.removeprefix(prefix): value for name, value in state.items()}
