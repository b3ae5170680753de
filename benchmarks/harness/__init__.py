"""Measure alternatives that do the same work, in turns, and say how sure the ratios are."""

from benchmarks.harness.command import command
from benchmarks.harness.measure import Measured, Plan, Row, measure
from benchmarks.harness.ratio import Ratio
from benchmarks.harness.runner import Calls, Runner
from benchmarks.harness.same_work import DifferentWork
from benchmarks.harness.turn import Turn

__all__ = [
    "Calls",
    "DifferentWork",
    "Measured",
    "Plan",
    "Ratio",
    "Row",
    "Runner",
    "Turn",
    "command",
    "measure",
]
