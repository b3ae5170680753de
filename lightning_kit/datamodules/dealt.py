"""What dealt the rows out, so that a test never gets rows that were trained on."""

import hashlib
from pathlib import Path
from typing import Any

from torch import Tensor

from lightning_kit.artefact.rows.errors import DataError

Dealt = dict[str, Any]


def hash_of_file(path: str) -> str:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def hash_of_tensors(*tensors: Tensor) -> str:
    found = hashlib.blake2b(digest_size=16)
    for tensor in tensors:
        found.update(tensor.contiguous().numpy().reshape(-1).view("uint8").data)
    return found.hexdigest()


def check_dealt(trained: Dealt | None, now: Dealt | None, file: str | None, way_out: str) -> None:
    """Refuse a split that is not that of the checkpoint, if there is one.

    Raises:
        DataError: Naming what differs.
    """
    if trained is None or now is None or trained == now:
        return
    differs = [
        name if name == "content" else f"{name} {trained.get(name)} -> {now.get(name)}"
        for name in {**trained, **now}
        if trained.get(name) != now.get(name)
    ]
    rule = "must be split as in training, or training rows would be in other parts"
    raise DataError(f"{rule}: {'; '.join(differs)}", file=file, way_out=way_out)
