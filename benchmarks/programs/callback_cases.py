"""Every callback of the kit, found by discovery, and the arguments of those that need some."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from lightning_kit import callbacks
from lightning_kit.callbacks import Rule
from lightning_kit.callbacks.actions import LogLearningRate
from lightning_kit.meters import EventFilter
from lightning_kit.schedules import Exponential

Arguments = Callable[[Path], dict[str, Any]]


def no_arguments(_: Path) -> dict[str, Any]:
    return {}


LATER = EventFilter(after=10**9)
FADING = {"target": "optimizer.lr", "schedule": Exponential(1e-3, 1.0)}
#: Arguments with which nothing is due at a step of the program.
QUIET: dict[str, Arguments] = {
    "EMA": lambda _: {"filter": LATER},
    "EarlyStopping": lambda _: {"monitor": "train/loss"},
    "EndEpoch": lambda _: {"filter": LATER},
    "EpochOutputs": lambda _: {"filter": LATER},
    "ExceptionPolicy": lambda _: {"rules": [Rule("OSError", "stop")]},
    # Comes when the steps are over; ONNX would take seconds.
    "ExportOnFitEnd": lambda folder: {"formats": ["pt2"], "out": folder / "artefact"},
    "HandlersTimer": lambda folder: {"path": str(folder / "times.csv"), "table": False},
    "LearningRateFinder": lambda _: {"num_training_steps": 5, "update_attr": False},
    "ModelCheckpoint": lambda folder: {"dirpath": folder / "checkpoints"},
    "OnEvent": lambda _: {
        "action": LogLearningRate(), "event": "iteration_completed", "after": 10**9,
    },
    "ParamScheduler": lambda _: {**FADING, "filter": LATER},
    "RunningAverages": lambda _: {"filter": LATER},
    "TerminateOnNonFinite": lambda _: {"filter": LATER},
}  # fmt: skip
#: Arguments with which something is due at every step.
BUSY: dict[str, Arguments] = {
    "EMA": no_arguments,
    "EpochOutputs": no_arguments,
    "OnEvent": lambda _: {"action": LogLearningRate(), "event": "iteration_completed"},
    "ParamScheduler": lambda _: FADING,
    "RunningAverages": no_arguments,
    "TerminateOnNonFinite": no_arguments,
}


def discovered() -> list[str]:
    """Return the names of all callbacks that the kit exports."""
    found = ((name, getattr(callbacks, name)) for name in callbacks.__all__)
    return sorted(
        name for name, kind in found if inspect.isclass(kind) and issubclass(kind, pl.Callback)
    )


def build(name: str, folder: Path, cases: dict[str, Arguments]) -> pl.Callback:
    """Build one callback.

    Raises:
        ValueError: If it needs arguments that ``cases`` lacks.
    """
    arguments = cases.get(name, no_arguments)(folder)
    kind = getattr(callbacks, name)
    try:
        callback: pl.Callback = kind(**arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} needs arguments in benchmarks/programs/callback_cases.py: {error}"
        ) from error
    return callback
