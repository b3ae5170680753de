"""What a run was given for settings that torch and Lightning restore as if they were state.

A learning rate, a schedule's ``T_max`` and a callback's ``patience`` are settings, yet they come
back from a checkpoint. To tell a setting that was changed from one that merely moved in training,
each checkpoint carries the values that its run began with.
"""

import copy
import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytorch_lightning as pl
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

Plain = dict[str, Any]
NOTHING = object()


def plain(value: Any) -> Any:
    """Return ``value`` as numbers, strings, lists and dicts; what cannot be so is ``NOTHING``.

    >>> plain({"betas": (0.9, 0.99), "fn": len})
    {'betas': [0.9, 0.99]}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value if plain(item) is not NOTHING]
    if isinstance(value, dict):
        return {
            str(key): found for key, item in value.items() if (found := plain(item)) is not NOTHING
        }
    return NOTHING


@dataclass
class Given:
    """The first values of optimizers, schedules and callbacks, before training moved any.

    ``driven`` says of each optimizer whether a schedule moves it. ``fresh_schedules`` are copies
    over empty parameters, for :func:`replay`; they are not stored.
    """

    optimizers: list[list[Plain]] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    driven: list[bool] = field(default_factory=list)
    schedules: list[Plain] = field(default_factory=list)
    callbacks: dict[str, Plain] = field(default_factory=dict)
    fresh_schedules: list[LRScheduler] = field(default_factory=list)

    def note_configured(self, configured: Any, *, copy_schedules: bool) -> list[Optimizer]:
        """Take down what ``configure_optimizers`` returned, in any of Lightning's forms.

        Returns:
            The optimizers in it.
        """
        parts = list(_parts(configured))
        optimizers = [part for part in parts if isinstance(part, Optimizer)]
        schedules = [part for part in parts if isinstance(part, LRScheduler)]
        self.optimizers = [[group_settings(g) for g in o.param_groups] for o in optimizers]
        self.classes = [type(optimizer).__qualname__ for optimizer in optimizers]
        self.driven = [any(s.optimizer is o for s in schedules) for o in optimizers]
        self.schedules = [schedule_settings(schedule) for schedule in schedules]
        self.fresh_schedules = [copy_over_nothing(s) for s in schedules] if copy_schedules else []
        return optimizers

    def note_callbacks(self, callbacks: list[pl.Callback]) -> None:
        """Take down every constructor argument that a callback also keeps as state."""
        for callback in callbacks:
            arguments = inspect.signature(type(callback).__init__).parameters
            kept = {k: v for k, v in callback.state_dict().items() if k in arguments}
            if kept := plain(kept):
                self.callbacks[callback.state_key] = kept

    def as_state(self) -> Plain:
        return {
            "optimizers": self.optimizers,
            "classes": self.classes,
            "driven": self.driven,
            "schedules": self.schedules,
            "callbacks": self.callbacks,
        }


def group_settings(group: Plain) -> Plain:
    """Return the settings of one parameter group, without its parameters."""
    found: Plain = plain({key: value for key, value in group.items() if key != "params"})
    return found


def of_another_class(now: list[Plain], restored: list[Plain]) -> bool:
    """Say whether two optimizers' groups show that their classes differ.

    Each has settings that the other lacks; a newer version of one class only has more.
    """
    ours = {key for group in now for key in group}
    theirs = {key for group in restored for key in group} - {"params", "initial_lr"}
    return bool(theirs - ours) and bool(ours - theirs - {"initial_lr"})


def schedule_settings(schedule: LRScheduler) -> Plain:
    """Return a schedule's class and plain state."""
    found: Plain = plain(schedule.state_dict())
    return {"class": type(schedule).__qualname__, **found}


def copy_over_nothing(schedule: LRScheduler) -> LRScheduler:
    """Copy a schedule and its optimizer, but none of the weights."""
    groups = schedule.optimizer.param_groups
    empty = {id(p): torch.empty(0) for group in groups for p in group["params"]}
    return copy.deepcopy(schedule, dict(empty))


def replay(fresh: LRScheduler, steps: int) -> LRScheduler:
    """Step a fresh schedule to where the restored one stands.

    Recursive forms (``lr *= gamma``) cannot be moved to other settings in any other exact way.
    """
    with warnings.catch_warnings():
        # No optimizer steps in a replay, which torch would warn about.
        warnings.simplefilter("ignore")
        while steps_of(fresh) < steps:
            fresh.step()
    return fresh


def steps_of(schedule: LRScheduler) -> int:
    """Return how often ``schedule`` was stepped; a chained one leaves counting to its parts."""
    while not hasattr(schedule, "last_epoch"):
        schedule = vars(schedule)["_schedulers"][0]
    return schedule.last_epoch


def can_replay(schedule: LRScheduler) -> bool:
    """Say whether time alone drives ``schedule``; a plateau's also follows a metric."""
    return not isinstance(schedule, ReduceLROnPlateau)


def _parts(configured: Any) -> Iterator[Any]:
    if isinstance(configured, dict):
        for value in configured.values():
            yield from _parts(value)
    elif isinstance(configured, list | tuple):
        for value in configured:
            yield from _parts(value)
    elif configured is not None:
        yield configured
