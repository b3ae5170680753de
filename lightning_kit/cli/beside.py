"""Simple models beside a run's own score: a table that a linear model does better on is no news."""

import csv
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from lightning_kit.datamodules import TableDataModule
from lightning_kit.datamodules.baselines import baselines


def print_baselines(datamodule: Any, part: Any, own: dict[str, float]) -> None:
    """Print majority, linear and boosted baselines on ``part`` beside ``own`` metrics.

    Does nothing where the data is no table.

    Args:
        datamodule: Set up for fit.
        part: ``"val"`` or ``"test"``.
        own: The run's metrics by name without a stage, e.g. ``accuracy``.
    """
    if not isinstance(datamodule, TableDataModule):
        return
    found = baselines(datamodule, part)
    models = list(dict.fromkeys(key.partition("/")[0] for key in found))
    metrics = list(dict.fromkeys(key.partition("/")[2] for key in found))
    table = Table(title=f"on the {part} data", title_justify="left")
    for column in ("", *models, "this run"):
        table.add_column(column, justify="right")
    for metric in metrics:
        scores = [found[f"{model}/{metric}"] for model in models]
        mine = f"{own[metric]:.4g}" if metric in own else "-"
        table.add_row(metric, *(f"{score:.4g}" for score in scores), mine)
    Console().print(table)


def metrics_of_epoch(path: Path, epoch: int, stage: str) -> dict[str, float]:
    """Return the metrics of ``stage`` that ``metrics.csv`` holds for ``epoch`` (1-based)."""
    found = {}
    for row in csv.DictReader(path.read_text().splitlines()):
        if row.get("epoch") == str(epoch - 1):
            found.update({k: float(v) for k, v in row.items() if k.startswith(f"{stage}/") and v})
    return {key.partition("/")[2]: value for key, value in found.items()}
