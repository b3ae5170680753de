"""Where an exported model comes from, in plain values for its manifest."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.export.samples import Samples
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.errors import RunError
from lightning_kit.runs.given import plain
from lightning_kit.runs.record import RunRecord


def lineage_of(
    *,
    run: RunDirectory | None = None,
    checkpoint: Path | None = None,
    weights: str = "",
    content: Mapping[str, Any] | None = None,
    config: str | None = None,
    precision: str = "",
    datamodule: Any = None,
    samples: Samples | None = None,
    training: RawRows | None = None,
) -> dict[str, Any]:
    """Name run, configuration, commit, checkpoint and data; what is unknown is None.

    Args:
        run: The run that the weights come from.
        checkpoint: Their file.
        weights: Which they are, in a word: ``best``, ``ema``, ...
        content: What the checkpoint holds; epoch and step are read.
        config: Text of the configuration, where there is no run that keeps it.
        precision: What the Trainer computed in.
        datamodule: What dealt the rows.
        samples: The rows that the export is checked on.
        training: Rows that the weights were trained on, where they are at hand.
    """
    record = _record(run)
    if run is not None and run.config.is_file():
        config = run.config.read_text()
    found = content or {}
    return {
        "run": None if run is None else f"{run.name}/{run.path.name}",
        "checkpoint": _checkpoint_name(run, checkpoint),
        "weights": weights or None,
        "epoch": _epoch(found),
        "step": found.get("global_step"),
        "configuration": None if config is None else _sha256(config.encode()),
        "git_commit": None if record is None else record.git_commit,
        "precision": precision or None,
        "trained_with": None if record is None else record.versions,
        "data": fingerprint(datamodule, samples, training),
    }


def fingerprint(
    datamodule: Any, samples: Samples | None, training: RawRows | None = None
) -> dict[str, Any]:
    """Tell data apart: how rows were dealt, and hashes of those checked and those trained on.

    A hash is SHA-256 over names, types, shapes and values, so the same rows give the same.
    """
    dealt = getattr(datamodule, "dealt", None)
    return {
        "class": None if datamodule is None else type(datamodule).__qualname__,
        "dealt": plain(dealt()) if callable(dealt) else None,
        "checked_rows": None if samples is None else _hash(samples.rows, samples.target),
        "training_rows": None if training is None else _hash(training),
    }


def _hash(rows: RawRows, target: Any = None) -> str:
    digest = hashlib.sha256()
    columns: dict[str, Any] = {f"row {name}": column for name, column in rows.items()}
    if target is not None:
        columns["target"] = target
    for name, column in columns.items():
        if isinstance(column, np.ndarray) and column.dtype != object:
            digest.update(f"{name} {column.dtype.str} {column.shape}".encode())
            digest.update(np.ascontiguousarray(column).tobytes())
        else:
            digest.update(json.dumps([name, *column], default=str).encode())
    return digest.hexdigest()


def _epoch(content: Mapping[str, Any]) -> int | None:
    """Return the last epoch that had begun, counted as people do, from 1."""
    loop = (content.get("loops") or {}).get("fit_loop") or {}
    begun = loop.get("epoch_progress", {}).get("current", {}).get("ready")
    if begun is not None:
        return int(begun)
    # Lightning stores the one that is running, from 0: after the fit's end there is none such.
    return None if content.get("epoch") is None else int(content["epoch"]) + 1


def _checkpoint_name(run: RunDirectory | None, checkpoint: Path | None) -> str | None:
    if checkpoint is None:
        return None
    inside = run is not None and checkpoint.absolute().is_relative_to(run.path)
    return run.relative(checkpoint) if run is not None and inside else checkpoint.name


def _record(run: RunDirectory | None) -> RunRecord | None:
    try:
        return None if run is None else run.record()
    except RunError:
        return None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
