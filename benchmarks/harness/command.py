"""The command line that all themes share."""

import argparse
import logging
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from benchmarks.harness.machine import machine
from benchmarks.harness.measure import Plan, Row, measure
from benchmarks.harness.report import print_row, write_json
from benchmarks.harness.same_work import DifferentWork

CHATTY = ("pytorch_lightning", "lightning_fabric", "ignite", "lightning_kit")


def command(
    theme: str, rows: Callable[[bool], Sequence[Row]], arguments: Sequence[str] | None = None
) -> int:
    """Measure the rows of ``theme`` that the command line names, and report them.

    Args:
        theme: Name of the benchmark.
        rows: Returns its rows, of a quick run where it is given True.
        arguments: The command line.

    Returns:
        The exit code: 1 where alternatives did different work.
    """
    given = _parser(theme).parse_args(arguments)
    # Where standard output is no terminal, rich would cut at 80.
    console = Console(width=max(Console().width, 110))
    torch.set_num_threads(1)
    chosen = _choose(list(rows(given.quick)), given.only)
    before, begin = machine(), time.perf_counter()
    console.print(f"[bold]{theme}[/] on {before['cpu']}, {before['cores']} cores, load", end=" ")
    console.print(f"{before['load_1min']}; {before['versions']}")
    results, failures = [], []
    for row in chosen:
        rounds = given.rounds or row.rounds[given.quick]
        plan = Plan(rounds, row.warm_up, quick=given.quick, clock=given.clock)
        try:
            with hushed():
                measured = measure(row, plan)
        except DifferentWork as error:
            failures.append({"name": row.name, "error": str(error)})
            console.print(f"[bold red]{row.name}: not the same work:[/] {error}")
            continue
        finally:
            shutil.rmtree(plan.folder, ignore_errors=True)
        results.append(measured.as_json())
        print_row(measured, console)
    document: dict[str, Any] = {
        "theme": theme,
        "quick": given.quick,
        "clock": given.clock,
        "machine": before,
        "seconds": round(time.perf_counter() - begin, 1),
        "rows": results,
        "failures": failures,
    }
    console.print(f"{document['seconds']} s")
    if given.json is not None:
        write_json(given.json, document)
    return 1 if failures else 0


def _parser(theme: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{theme}")
    parser.add_argument("--quick", action="store_true", help="less than a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there")
    parser.add_argument("--only", nargs="+", metavar="ROW", help="rows whose name holds a ROW")
    parser.add_argument("--rounds", type=int, help="rounds of every row")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu: without what others take"
    )
    return parser


def _choose(rows: list[Row], only: Sequence[str] | None) -> list[Row]:
    chosen = [row for row in rows if only is None or any(word in row.name for word in only)]
    if not chosen:
        sys.exit(f"--only must name one of {[row.name for row in rows]}, got {only}")
    return chosen


@contextmanager
def hushed() -> Iterator[None]:
    """Leave out advice, which would stand between the rows."""
    loggers = [logging.getLogger(name) for name in CHATTY]
    levels = [logger.level for logger in loggers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
