"""What inputs look like, so that whoever serves a model can tell when they change."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import Encoder, RawRows, category, date, number

# Of more features than this, or categories, the whole is described, or the commonest.
MOST = 256


def statistics(
    rows: RawRows,
    encoders: Sequence[Encoder] | None,
    inputs: Mapping[str, NDArray[Any]],
    *,
    of: str,
) -> dict[str, Any]:
    """Return plain values that JSON takes: ``of``, ``rows``, and a table for every input.

    Args:
        rows: Raw rows.
        encoders: Of their columns; each column of one is described by its kind: numbers and dates
            (days since 1970) by ``count``, ``missing``, ``mean``, ``std``, ``min`` and ``max``,
            categories by ``counts``, ``missing`` and ``unknown``.
        inputs: What the graph takes for them. Described by feature (second dimension), or as a
            whole where there are more than 256.
        of: What the rows are, such as ``training rows``.
    """
    columns: dict[str, Any] = {}
    for encoder in encoders or ():
        name, kind = encoder["column"], encoder["kind"]
        if kind == "category":
            columns[name] = _of_categories(category.read(name, rows[name]), encoder)
        elif kind in ("number", "date"):
            reader = number.read if kind == "number" else date.read
            columns[name] = _of_numbers(reader(name, rows[name]))
    return {
        "of": of,
        "rows": len(next(iter(rows.values()))),
        "columns": columns,
        "inputs": {name: _of_features(values) for name, values in inputs.items()},
    }


def _of_features(values: NDArray[Any]) -> dict[str, Any]:
    features = values.shape[1] if values.ndim > 1 else 1
    if values.ndim < 2 or not 0 < features <= MOST:
        return _of_numbers(values)
    by_feature = [_of_numbers(values[:, feature]) for feature in range(features)]
    return {key: [each[key] for each in by_feature] for key in by_feature[0]}


def _of_numbers(values: NDArray[Any]) -> dict[str, Any]:
    flat = values.reshape(-1).astype(np.float64)
    known = flat[np.isfinite(flat)]
    table = {"count": int(known.size), "missing": int(flat.size - known.size)}
    if not known.size:
        return {**table, "mean": None, "std": None, "min": None, "max": None}
    # The square of a number near float64's limit is infinite, which JSON does not know.
    with np.errstate(over="ignore"):
        measured = {
            "mean": known.mean(), "std": known.std(), "min": known.min(), "max": known.max(),
        }  # fmt: skip
    return table | {
        name: float(value) if math.isfinite(value) else None for name, value in measured.items()
    }


def _of_categories(values: Sequence[str | None], encoder: Encoder) -> dict[str, Any]:
    counts = Counter(values)
    missing = counts.pop(None, 0)
    known = set(encoder["categories"])
    common = [(name, count) for name, count in counts.most_common() if name in known]
    return {
        "counts": dict(common[:MOST]),
        "missing": missing,
        "unknown": sum(count for name, count in counts.items() if name not in known),
    }
