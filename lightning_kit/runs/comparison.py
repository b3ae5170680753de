"""How far two runs of one configuration are apart, in weights and in logged values."""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from lightning_kit.runs.record import RunRecord

# Logged times and rates differ from run to run, as no weight does.
TIMED = ("_s", "_per_s", "_us", "_ms")


@final
@dataclass(frozen=True)
class Apart:
    """What differs between two runs.

    Args:
        what: ``weights`` or ``metrics``, of which file.
        compared: How many tensors or values.
        differing: How many of them differ in any bit.
        largest: Largest absolute difference; infinite where one is missing, or of another shape,
            or NaN where the other is not.
        where: What differs most.
    """

    what: str
    compared: int
    differing: int = 0
    largest: float = 0.0
    where: str = ""

    def __str__(self) -> str:
        if not self.differing:
            return f"{self.what}: all {self.compared} are the same, bit for bit"
        return (
            f"{self.what}: {self.differing} of {self.compared} differ, "
            f"by {self.largest:.3g} at most ({self.where})"
        )


def weights_apart(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Apart:
    """Compare two state dicts, tensor by tensor; NaN is the same as NaN."""
    names = sorted({*before, *after})
    return _most(what, ((name, _gap(before.get(name), after.get(name))) for name in names))


def metrics_apart(what: str, before: Path, after: Path) -> Apart:
    """Compare two ``metrics.csv`` line by line, without times and what monitors log."""
    first, second = _values(before), _values(after)
    names = list(dict.fromkeys([*first, *second]))
    gaps = ((name, _gap(first.get(name), second.get(name))) for name in names)
    return _most(what, gaps)


def what_changed(before: RunRecord, after: RunRecord) -> list[str]:
    """Name what may make two runs of one configuration differ, each with both values."""
    pairs: list[tuple[str, Any, Any]] = [
        (name, before.versions.get(name), after.versions.get(name))
        for name in sorted({*before.versions, *after.versions})
    ]
    pairs += [
        ("git commit", before.git_commit, after.git_commit),
        ("host", before.host, after.host),
    ]
    return [f"{name} {old} -> {new}" for name, old, new in pairs if old != new]


def data_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Name what two checkpoints say otherwise of how datamodules of the kit dealt their rows."""
    found = []
    for owner, state in before.items():
        other = after.get(owner)
        if not isinstance(state, Mapping) or not isinstance(other, Mapping):
            continue
        old, new = state.get("dealt"), other.get("dealt")
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            found += [
                f"data of {owner}: {name} {old.get(name)} -> {new.get(name)}" for name in names
            ]
    return found


def _gap(before: Any, after: Any) -> float:
    """Return the largest absolute difference; 0 only where every bit is the same."""
    if not isinstance(before, Tensor) or not isinstance(after, Tensor):
        return 0.0 if before is not None and before == after else math.inf
    if before.shape != after.shape or before.dtype != after.dtype:
        return math.inf
    # Not `equal`: it takes 0.0 for -0.0, and NaN for no NaN.
    same = _bits(before) == _bits(after)
    if bool(same.all()):
        return 0.0
    if before.is_complex():
        before, after = torch.view_as_real(before), torch.view_as_real(after)
    one, other = before.double(), after.double()
    gap = (one - other).abs().nan_to_num(math.inf)
    gap[one.isnan() & other.isnan()] = 0
    return max(float(gap.max()), 5e-324)


def _bits(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)


def _most(what: str, gaps: Iterator[tuple[str, float]]) -> Apart:
    found = list(gaps)
    differing = [(gap, name) for name, gap in found if gap > 0]
    largest, where = max(differing, default=(0.0, ""))
    return Apart(what, len(found), len(differing), largest, where)


def _values(path: Path) -> dict[str, Tensor | None]:
    """Return every logged number by its key, line and step."""
    values: dict[str, Tensor | None] = {}
    with path.open(newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=1):
            for key, text in row.items():
                if not text or key.startswith("monitor/") or key.endswith(TIMED):
                    continue
                at = f"{key}, line {line}"
                values[at] = torch.tensor(float(text), dtype=torch.float64)
    return values
