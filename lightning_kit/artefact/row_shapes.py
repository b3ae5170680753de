"""Say that answers have no shape in common, and so no table."""

from collections.abc import Sequence
from typing import Any


def several_shapes(name: str, parts: Sequence[Any]) -> str:
    """Return the one line about an output whose ``parts`` ``(N, ...)`` differ beyond ``N``."""
    shapes = dict.fromkeys(str(tuple(part.shape[1:])) for part in parts)
    return (
        f"output {name!r} must have one shape a row for one table, got {', '.join(shapes)}: give "
        "rows of one size at a time, or encoders that declare a size"
    )
