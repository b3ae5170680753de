"""Write measurements as tables of Markdown: ``python -m benchmarks.markdown A.json B.json``."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness.report import human, ratio_cells


def markdown(document: dict[str, Any]) -> str:
    """Return the rows of a benchmark, a heading and one or two tables each.

    Args:
        document: What a benchmark wrote with ``--json``.
    """
    machine = document["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    quick = " --quick" if document["quick"] else ""
    lines = [
        f"## {document['theme']}",
        "",
        f"`python -m benchmarks.{document['theme']}{quick}`, {document['seconds']:.0f} s on "
        f"{machine['cpu']}, {machine['cores']} cores, {versions}.",
        "",
    ]
    for row in document["rows"]:
        lines += [f"### {row['name']} {row['notes']}".rstrip(), "", *_alternatives(row), ""]
        if row["ratios"]:
            heads = ("ratio", "paired", "95 %", "bound", "")
            lines += [*_table(heads, [ratio_cells(ratio) for ratio in row["ratios"]]), ""]
    for failure in document["failures"]:
        lines += [f"### {failure['name']}", "", f"Not the same work: {failure['error']}", ""]
    return "\n".join(lines)


def _alternatives(row: dict[str, Any]) -> Iterator[str]:
    cells = []
    for name, spread in row["alternatives"].items():
        values = (spread["median"], *spread["quartiles"])
        median, low, high = (human(value, row["quantity"]) for value in values)
        cells.append((name, median, f"{low} - {high}", str(spread["rounds"])))
    heads = ("alternative", f"median a {row['unit']}", "quartiles", "rounds")
    return _table(heads, cells)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.markdown")
    parser.add_argument("json", type=Path, nargs="+")
    for path in parser.parse_args().json:
        print(markdown(json.loads(path.read_text())))
