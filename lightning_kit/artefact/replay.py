"""Hold what an artefact gives against what it must give."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.errors import ArtefactError

Arrays = Mapping[str, NDArray[Any]]


def compare(
    found: Arrays, golden: Arrays, kind: str, *, rtol: float, atol: float
) -> dict[str, float]:
    """Return the largest difference of each tensor, 0 where both are NaN.

    Args:
        found: By name, each ``(N, ...)``.
        golden: What they must be.
        kind: What they are called in errors.
        rtol: Of floating point, relative to ``golden``. Other values must be equal.
        atol: Added to that.

    Raises:
        ArtefactError: Naming the first tensor and 1-based row that differ, and by how much.
    """
    if sorted(found) != sorted(golden):
        raise ArtefactError(
            f"golden rows have the {kind}s {', '.join(sorted(golden))}, "
            f"got {', '.join(sorted(found))}"
        )
    return {
        name: _difference(found[name], golden[name], f"{kind} {name!r}", rtol, atol)
        for name in golden
    }


def _difference(
    found: NDArray[Any], golden: NDArray[Any], what: str, rtol: float, atol: float
) -> float:
    if found.shape != golden.shape or found.dtype != golden.dtype:
        raise ArtefactError(
            f"golden rows: {what} must be {golden.dtype} {golden.shape}, "
            f"got {found.dtype} {found.shape}"
        )
    wide, wanted = found.astype(np.float64), golden.astype(np.float64)
    if golden.dtype.kind == "f":
        close = np.isclose(wide, wanted, rtol=rtol, atol=atol, equal_nan=True)
    else:
        close = found == golden
    both = (found == golden) | (np.isnan(wide) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):
        differences = np.where(both, 0, wide - wanted)
    if not close.all():
        where = tuple(int(at) for at in np.argwhere(~close)[0])
        raise ArtefactError(
            f"golden row {where[0] + 1}: {what} must be {golden[where].item()!r}, "
            f"got {found[where].item()!r}: this machine's runtime answers otherwise than the one "
            "that was verified"
        )
    return float(np.abs(differences).max(initial=0.0))
