"""Write what was measured, for people and for programs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.harness.measure import Measured

SCALES = ((1e-6, "ns", 1e9), (1e-3, "us", 1e6), (1.0, "ms", 1e3), (float("inf"), "s", 1.0))


def write_json(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")


def print_row(measured: Measured, console: Console) -> None:
    """Print one row's alternatives and ratios."""
    found = measured.as_json()
    unit = found["unit"]
    table = Table(title=f"{found['name']} {found['notes']}".strip(), title_justify="left")
    table.add_column("alternative")
    is_time = found["quantity"] == "s"
    for column in (
        f"median a {unit}",
        "quartiles",
        f"{unit}s a second" if is_time else "",
        "rounds",
    ):
        table.add_column(column, justify="right", no_wrap=True)
    for name, spread in found["alternatives"].items():
        median, *quartiles = (
            human(value, found["quantity"]) for value in (spread["median"], *spread["quartiles"])
        )
        pace = per_second(spread["median"]) if is_time else ""
        table.add_row(name, median, " - ".join(quartiles), pace, str(spread["rounds"]))
    console.print(table)
    ratios = Table()
    for column in ("ratio", "paired", "95 %", "bound", ""):
        ratios.add_column(column, no_wrap=True)
    for ratio in found["ratios"]:
        ratios.add_row(*ratio_cells(ratio))
    if found["ratios"]:
        console.print(ratios)


def ratio_cells(ratio: dict[str, Any]) -> Sequence[str]:
    met = {None: "", True: "met", False: "missed"}[ratio["met"]]
    return (
        ratio["name"],
        f"{ratio['ratio']:.3f}",
        f"{ratio['low']:.3f} - {ratio['high']:.3f}",
        ratio["bound"],
        met,
    )


def per_second(seconds: float) -> str:
    return f"{1 / seconds:,.0f}" if seconds < 0.01 else f"{1 / seconds:.3g}"


def human(value: float, quantity: str = "s") -> str:
    """Return a value with four digits and its unit."""
    if quantity != "s":
        return f"{value:.4g} {quantity}"
    for limit, unit, factor in SCALES:
        if value < limit:
            return f"{value * factor:.4g} {unit}"
    raise AssertionError(value)
