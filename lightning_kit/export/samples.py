"""The raw rows that an export is checked on, and the targets that its metric needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.artefact.encoders.cells import Column
from lightning_kit.export.errors import ExportError

# What is needed to trust a gate; fewer are taken where there are no more.
ENOUGH = 256


@final
@dataclass(frozen=True)
class Samples:
    """Real rows, as whoever asks the artefact will give them.

    Args:
        rows: Columns of raw cells where a pipeline has encoders, else the graph's inputs by name,
            arrays ``(N, ...)``.
        target: ``(N, ...)``, what the metric compares answers with; None: no metric.
        inputs: What the graph takes for ``rows``, where that was computed already.

    Raises:
        ExportError: If there is no row, or columns or targets are not of one length.
    """

    rows: RawRows
    target: NDArray[Any] | None = None
    inputs: Mapping[str, NDArray[Any]] | None = None

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.rows.items()}
        if self.inputs is not None:
            lengths |= {f"inputs {name!r}": len(column) for name, column in self.inputs.items()}
        if self.target is not None:
            lengths["target"] = len(self.target)
        if len(set(lengths.values())) > 1:
            raise ExportError(f"samples must be of one length, got {lengths}")
        if not lengths or not len(self):
            raise ExportError("samples must be at least one row, got none")

    def __len__(self) -> int:
        return len(next(iter(self.rows.values())))

    @classmethod
    def of(cls, samples: Any) -> Self:
        """Return samples from a tensor, an array, a dict of either, or samples as they are.

        Raises:
            ExportError: If ``samples`` is anything else.
        """
        if isinstance(samples, cls):
            return samples
        if isinstance(samples, Mapping):
            return cls({str(name): _array(name, values) for name, values in samples.items()})
        return cls({"input": _array("input", samples)})

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return the samples at ``rows``, in that order."""
        return type(self)(
            take(self.rows, rows),
            None if self.target is None else self.target[rows],
            None if self.inputs is None else {k: v[rows] for k, v in self.inputs.items()},
        )

    def spread(self, count: int = ENOUGH) -> NDArray[np.int64]:
        """Return the numbers of ``count`` rows, evenly over all: rows may be sorted by class."""
        count = min(count, len(self))
        return np.linspace(0, len(self) - 1, count).round().astype(np.int64)


def take(rows: RawRows, at: NDArray[np.int64]) -> dict[str, Column]:
    """Return ``rows`` at the row numbers ``at``."""
    return {
        name: column[at] if isinstance(column, np.ndarray) else [column[row] for row in at]
        for name, column in rows.items()
    }


def _array(name: object, values: Any) -> Any:
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    if isinstance(values, np.ndarray) and values.ndim:
        return values
    if isinstance(values, list):
        return values
    raise ExportError(
        f"samples must be a tensor, a dict of tensors or Samples, got {type(values).__name__} "
        f"for {name!r}"
    )
