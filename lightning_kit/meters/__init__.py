"""Decide and measure: plain classes that numbers drive. No Lightning, no files."""

from lightning_kit.meters.best_k import BestK
from lightning_kit.meters.durations import Durations
from lightning_kit.meters.event_filter import EventFilter
from lightning_kit.meters.finite import all_finite
from lightning_kit.meters.plateau import Plateau
from lightning_kit.meters.running_average import RunningAverage

__all__ = ["BestK", "Durations", "EventFilter", "Plateau", "RunningAverage", "all_finite"]
