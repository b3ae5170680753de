"""Golden rows: real samples, raw and encoded, with the answers that an artefact must give."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.json_cells import to_json
from lightning_kit.artefact.rows.jsonl import read_jsonl

ROWS = "golden.jsonl"
TENSORS = "golden.safetensors"

Arrays = dict[str, NDArray[Any]]


@final
@dataclass(frozen=True)
class Golden:
    """``N`` samples.

    Args:
        rows: Raw, by column.
        inputs: What they are encoded to, by the graph's input.
        answers: What they must be answered with, by output.
    """

    rows: RawRows
    inputs: Arrays
    answers: Arrays


def write_golden(
    folder: str | Path,
    rows: RawRows,
    inputs: Mapping[str, NDArray[Any]],
    answers: Mapping[str, NDArray[Any]],
    *,
    metadata: Mapping[str, str] | None = None,
) -> list[str]:
    """Write both files into ``folder``, ``metadata`` with the tensors, and return their names.

    Raises:
        ValueError: If not all have the same number of rows, at least one.
    """
    from safetensors.numpy import save_file

    counts = {len(values) for values in (*rows.values(), *inputs.values(), *answers.values())}
    if len(counts) != 1 or 0 in counts:
        raise ValueError(f"golden rows must be as many everywhere, at least 1, got {counts}")
    columns = {name: to_json(list(column)) for name, column in rows.items()}
    lines = [
        json.dumps(dict(zip(columns, cells, strict=True)), ensure_ascii=False, allow_nan=False)
        for cells in zip(*columns.values(), strict=True)
    ]
    (Path(folder) / ROWS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    tensors = {
        **{f"input/{name}": np.ascontiguousarray(array) for name, array in inputs.items()},
        **{f"answer/{name}": np.ascontiguousarray(array) for name, array in answers.items()},
    }
    save_file(tensors, Path(folder) / TENSORS, metadata=dict(metadata or {}))
    return [ROWS, TENSORS]


def read_golden(folder: str | Path, columns: list[str]) -> Golden:
    """Read both files; ``columns`` are the raw ones that each row must have.

    Raises:
        ArtefactError: If one is missing or torn.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    for name in (ROWS, TENSORS):
        if not (Path(folder) / name).is_file():
            raise ArtefactError(f"{folder}: {name}: there is no such file: export again")
    try:
        tensors = load_file(Path(folder) / TENSORS)
        rows = read_jsonl(Path(folder) / ROWS, columns)
    except (SafetensorError, ValueError, OSError) as error:
        raise ArtefactError(f"{folder}: golden rows cannot be read: {error}") from error
    return Golden(rows, _part(tensors, "input/"), _part(tensors, "answer/"))


def read_metadata(folder: str | Path) -> dict[str, str]:
    """Read what was written with the tensors, and none of them.

    Raises:
        ArtefactError: If the file is missing or torn.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(folder) / TENSORS
    if not path.is_file():
        raise ArtefactError(f"{folder}: {TENSORS}: there is no such file: export again")
    try:
        with safe_open(path, framework="numpy") as opened:
            return dict(opened.metadata() or {})
    except (SafetensorError, ValueError, OSError) as error:
        raise ArtefactError(f"{path}: cannot be read: {error}: export again") from error


def _part(tensors: Arrays, prefix: str) -> Arrays:
    return {
        name.removeprefix(prefix): array
        for name, array in tensors.items()
        if name.startswith(prefix)
    }
