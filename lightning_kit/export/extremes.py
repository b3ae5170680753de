"""Rows that no validation split holds: nothing there, not a number, far out, never seen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import Encoder, RawRows
from lightning_kit.export.not_finite import finite_rows, not_finite
from lightning_kit.export.samples import take

# A step of float32 is 1.2e-7 of a number; sums of large numbers lose a few.
NUDGE = 5e-7
# Each is taken both ways.
NUDGES = 8
FAR = 1e6
FAR_OF_HALF = 1e2
# Of one column: each takes two calls.
MOST_CATEGORIES = 100


@final
@dataclass(frozen=True)
class Extreme:
    """One row with one thing changed.

    Args:
        name: What was changed, and to what.
        rows: One row.
        nudged: The same, moved by the last digits of float32, or of half precision. Where the
            module's own answers change by that (the sine of a million, a constant over its
            spread), they are defined up to it.
    """

    name: str
    rows: RawRows
    nudged: tuple[RawRows, ...] = ()

    @property
    def not_finite(self) -> list[str]:
        """The input arrays that hold NaN or an infinity."""
        return not_finite(self.rows)


def extremes(rows: RawRows, encoders: Sequence[Encoder] | None) -> list[Extreme]:
    """Return extreme rows made from the first of ``rows`` that is finite, or the first.

    With encoders, each of their columns in turn gets a missing cell and, by kind: 0 and a number
    far out on either side; a category that no one knows, and those known (a hundred of them); an
    early and a late date; a black and a white picture.

    Without, each input in turn: NaN in the first, the middle and the last element and in all,
    infinities, zeros, numbers far out on either side. Of whole numbers one at a time becomes the
    least or the greatest of the samples or of the type, in the row that has the fewest of the
    least: a row of nothing but padding is none that a model must answer.
    """
    first = take(rows, np.array([int(np.argmax(finite_rows(rows)))]))
    if encoders is None:
        return [each for name in rows for each in _of_array(first, rows, name)]
    return [each for encoder in encoders for each in _of_column(first, rows, encoder)]


def _of_array(first: RawRows, rows: RawRows, name: str) -> Iterator[Extreme]:
    values = np.asarray(rows[name])
    if values.dtype.kind in "iu":
        yield from _of_whole_numbers(rows, name, values)
        return
    row = np.asarray(first[name])
    size = _largest(values)
    for label, changed in _changes(values, row):
        yield Extreme(
            f"{name} {label}", {**first, name: changed}, _nudged(first, name, changed, size)
        )


def _changes(values: NDArray[Any], row: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    if values.dtype.kind == "f":
        for at in dict.fromkeys((0, row.size // 2, row.size - 1)):
            changed = row.copy()
            changed.reshape(-1)[at] = np.nan
            yield f"with NaN at {at}", changed
        # Half precision ends at 65,504.
        far = _largest(values) * (FAR if values.itemsize > 2 else FAR_OF_HALF)
        for value in (np.nan, np.inf, -np.inf, 0.0, far, -far):
            yield f"all {value:g}", np.full_like(row, value)
        alternating = row.copy()
        alternating.reshape(-1)[::2] = np.inf
        yield "half inf", alternating
    elif values.dtype.kind == "b":
        yield "all false", np.zeros_like(row)
        yield "all true", np.ones_like(row)


def _of_whole_numbers(rows: RawRows, name: str, values: NDArray[Any]) -> Iterator[Extreme]:
    limits = np.iinfo(values.dtype)
    least, greatest = int(values.min()), int(values.max())
    whole = {least, greatest, limits.min, limits.max}
    # What becomes another number where 64 bits are cut to 32.
    whole |= {number for number in (2**31, 2**32 + 1) if number <= limits.max}
    fewest = np.argmin((values == least).reshape(len(values), -1).sum(axis=1))
    base = take(rows, np.array([int(fewest)]))
    row = np.asarray(base[name])
    for number in sorted(whole):
        for at in dict.fromkeys((0, row.size // 2, row.size - 1)):
            changed = row.copy()
            changed.reshape(-1)[at] = number
            yield Extreme(f"{name} {number} at {at}", {**base, name: changed})


def _nudged(first: RawRows, name: str, changed: NDArray[Any], size: float) -> tuple[RawRows, ...]:
    if changed.dtype.kind != "f" or not np.isfinite(changed).all():
        return ()
    # A model of half precision rounds as coarsely within as its input does.
    nudge = max(NUDGE, 4 * float(np.finfo(changed.dtype).eps))
    # Element by element: what a normalisation divides by may be the spread of a constant.
    draws = np.random.default_rng(0).uniform(-nudge, nudge, (NUDGES, *changed.shape))
    steps = np.concatenate([draws, -draws]) * np.maximum(np.abs(changed), size)
    return tuple({**first, name: (changed + step).astype(changed.dtype)} for step in steps)


def _of_column(first: RawRows, rows: RawRows, encoder: Encoder) -> Iterator[Extreme]:
    name, kind = encoder["column"], encoder["kind"]
    cells: Mapping[str, Any] = {}
    if kind == "number":
        far = FAR * max(_largest(_numbers(rows[name])), abs(encoder.get("fill", 1.0)), 1.0)
        for value in (0.0, far, -far):
            nudged = (value * (1 + NUDGE), value * (1 - NUDGE)) if value else ()
            others = tuple({**first, name: [each]} for each in nudged)
            yield Extreme(f"{name} {value:g}", {**first, name: [value]}, others)
        cells = {"missing": None, "NaN": float("nan"), "empty": ""}
    elif kind == "category":
        unknown = "unknown" + "?" * (1 + max(map(len, encoder["categories"]), default=0))
        cells = {"missing": None, "unknown": unknown, "empty": ""}
        known = encoder["categories"]
        some = known[:: 1 + len(known) // MOST_CATEGORIES]
        cells |= {f"is {each!r}": each for each in some}
    elif kind == "date":
        cells = {"missing": None, "early": "1900-01-01", "late": "2099-12-31T23:59:59"}
    elif kind == "image":
        shape = (17, 9) if encoder.get("size") else np.shape(first[name][0])[:2]
        if len(shape) == 2:
            channels = (3,) if encoder.get("mode") == "RGB" else ()
            for shade, value in (("black", 0), ("white", 255)):
                cells = {**cells, shade: np.full((*shape, *channels), value, np.uint8)}
    for label, cell in cells.items():
        yield Extreme(f"{name} {label}", {**first, name: [cell]})


def _largest(values: NDArray[Any]) -> float:
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    return float(np.abs(finite).max(initial=0)) or 1.0


def _numbers(cells: Any) -> NDArray[np.float64]:
    numbers = []
    for cell in cells:
        try:
            numbers.append(float(cell))
        except (TypeError, ValueError):
            continue
    return np.asarray(numbers, dtype=np.float64)
