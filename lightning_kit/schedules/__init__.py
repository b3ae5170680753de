"""A value over time, in closed form: ``schedule(k)`` for event k = 0, 1, 2, ... No Lightning."""

from lightning_kit.schedules.concat import Concat
from lightning_kit.schedules.cosine import Cosine
from lightning_kit.schedules.exponential import Exponential
from lightning_kit.schedules.linear import Linear
from lightning_kit.schedules.multi_step import MultiStep
from lightning_kit.schedules.piecewise import Piecewise
from lightning_kit.schedules.schedule import Schedule
from lightning_kit.schedules.step import Step
from lightning_kit.schedules.warmup import Warmup

__all__ = [
    "Concat",
    "Cosine",
    "Exponential",
    "Linear",
    "MultiStep",
    "Piecewise",
    "Schedule",
    "Step",
    "Warmup",
]
