"""Decide and measure: plain classes that numbers drive. No Lightning, no files."""

from lightning_kit.meters.best_k import BestK
from lightning_kit.meters.durations import Durations
from lightning_kit.meters.event_filter import EventFilter
from lightning_kit.meters.finite import all_finite
from lightning_kit.meters.part_times import PartTimes
from lightning_kit.meters.plateau import Plateau
from lightning_kit.meters.running_average import RunningAverage
from lightning_kit.meters.step_times import StepTimes
from lightning_kit.meters.time_verdict import time_verdict
from lightning_kit.meters.timeline import Timeline, own_times

__all__ = [
    "BestK",
    "Durations",
    "EventFilter",
    "PartTimes",
    "Plateau",
    "RunningAverage",
    "StepTimes",
    "Timeline",
    "all_finite",
    "own_times",
    "time_verdict",
]
