"""The one thing that a refused export leaves: what the gate found."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def report_path(out: Path) -> Path:
    """Return where the report about a refused ``out`` lies."""
    return out.with_name(f"{out.name}-refused.json")


def write_report(out: Path, content: Mapping[str, Any]) -> Path:
    """Write ``content`` for ``out`` in one step, over an older report, and return its path."""
    path = report_path(out)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path
