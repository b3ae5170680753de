"""Draw what a benchmark wrote: ``python -m benchmarks.picture FILE.json FILE.png``."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def draw(document: dict[str, Any], path: Path, rows: Sequence[str] | None = None) -> None:
    """Write a PNG with a bar for each alternative of each row: its median and quartiles.

    Args:
        document: What a benchmark wrote with ``--json``.
        path: Where the picture goes.
        rows: Names of the rows to draw; all of them if left out.

    Raises:
        ValueError: If ``rows`` names none that was measured.
    """
    import matplotlib.pyplot as plt

    chosen = [row for row in document["rows"] if rows is None or row["name"] in rows]
    if not chosen:
        names = [row["name"] for row in document["rows"]]
        raise ValueError(f"rows must name some of {names}, got {rows}")
    heights = [len(row["alternatives"]) for row in chosen]
    figure, axes = plt.subplots(
        len(chosen), 1, figsize=(7, 0.5 * sum(heights) + 0.6 * len(chosen)), squeeze=False,
        height_ratios=heights, layout="constrained",
    )  # fmt: skip
    for row, axis in zip(chosen, axes[:, 0], strict=True):
        spreads = row["alternatives"]
        names = list(spreads)
        medians = [1e6 * spreads[name]["median"] for name in names]
        quartiles = [[1e6 * value for value in spreads[name]["quartiles"]] for name in names]
        low = [median - quarter[0] for median, quarter in zip(medians, quartiles, strict=True)]
        high = [quarter[1] - median for median, quarter in zip(medians, quartiles, strict=True)]
        bars = axis.barh(names, medians, xerr=[low, high], color="#4c72b0", height=0.7)
        axis.bar_label(bars, [f" {median:.0f}" for median in medians])
        axis.invert_yaxis()
        axis.set_xlim(0, 1.15 * max(medians))
        axis.set_title(f"{row['name']}, us a {row['unit']}", loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.picture")
    parser.add_argument("json", type=Path)
    parser.add_argument("png", type=Path)
    parser.add_argument("--only", nargs="+", metavar="ROW")
    given = parser.parse_args()
    draw(json.loads(given.json.read_text()), given.png, given.only)
