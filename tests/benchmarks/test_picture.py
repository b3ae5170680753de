"""A picture has a bar for each alternative that was measured."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks.picture import draw

SPREAD = {"median": 4e-4, "quartiles": [3.5e-4, 5e-4]}
ROW = {"name": "seed program", "unit": "step", "alternatives": {"by hand": SPREAD, "kit": SPREAD}}


def test_rows_are_drawn_below_one_another(tmp_path: Path) -> None:
    document: dict[str, Any] = {"rows": [ROW, {**ROW, "name": "other"}]}
    draw(document, tmp_path / "all.png")
    draw(document, tmp_path / "one.png", ["other"])
    with Image.open(tmp_path / "all.png") as both, Image.open(tmp_path / "one.png") as one:
        assert both.width == one.width
        assert both.height > 1.5 * one.height


def test_a_row_that_was_not_measured_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rows must name some of.*seed program"):
        draw({"rows": [ROW]}, tmp_path / "a.png", ["gone"])
