"""Show the times of hooks to a person, and write them for a program."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from lightning_kit.meters import Durations

Times = Mapping[tuple[str, str], Durations]
FIELDS = ("count", "total_s", "mean_s", "min_s", "min_at", "max_s", "max_at", "std_s")


def rows(times: Times) -> list[dict[str, Any]]:
    """Return what ran as plain values, the longest total first."""
    ran = [(key, each) for key, each in times.items() if each.count]
    ran.sort(key=lambda item: -item[1].total_s)
    return [
        {"callback": callback, "hook": hook, **{name: getattr(each, name) for name in FIELDS}}
        for (callback, hook), each in ran
    ]


def write_csv(times: Times, path: Path) -> None:
    """Write :func:`rows` to ``path``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["callback", "hook", *FIELDS])
        writer.writeheader()
        writer.writerows(rows(times))
    part.replace(path)


def show(times: Times, took_s: float, console: Console) -> None:
    """Print a table, as wide as the console allows."""
    found = rows(times)
    total = math.fsum(row["total_s"] for row in found)
    table = Table(
        title="Time in callbacks",
        caption=f"{duration(total)} in callbacks, of {duration(took_s)} in all. GPU work that a "
        "callback only starts is not in its time.",
        caption_justify="left",
        box=box.SIMPLE,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    # Two lines a row, for a terminal of 80 columns.
    table.add_column("callback\n hook", overflow="fold")
    for name in ("calls", "total", "mean", "std", "min\nat call", "max\nat call"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found:
        table.add_row(
            f"{row['callback']}\n {row['hook']}",
            str(row["count"]),
            duration(row["total_s"]),
            duration(row["mean_s"]),
            duration(row["std_s"]),
            f"{duration(row['min_s'])}\n{row['min_at']}",
            f"{duration(row['max_s'])}\n{row['max_at']}",
        )
    console.print(table)


def duration(seconds: float) -> str:
    """Return ``seconds`` with two or three digits and a unit; a dash for nan."""
    if math.isnan(seconds):
        return "-"
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1 or unit == "us":
            break
    value = seconds * factor
    if value >= 100:
        return f"{value:.0f} {unit}"
    return f"{value:.2g} {unit}" if value < 1 else f"{value:.3g} {unit}"
