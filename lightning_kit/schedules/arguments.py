"""Refuse what no schedule can be made of."""

import inspect
import math
from collections.abc import Iterable
from numbers import Integral, Real


def check_events(name: str, value: object, *, at_least: int) -> None:
    """Raise ValueError unless ``value`` is a whole number, Python's or numpy's, not a boolean."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{name} must be a whole number of events, got {value!r}")
    if int(value) < at_least:
        unit = "event" if at_least == 1 else "events"
        raise ValueError(f"{name} must be at least {at_least} {unit}, got {value}")


def check_listed(name: str, values: object, what: str) -> None:
    """Raise ValueError unless ``values`` is a list, a tuple or an array of ``what``."""
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise ValueError(f"{name} must be a list of {what}, got {values!r}")


def check_schedule(name: str, schedule: object) -> None:
    """Raise ValueError unless ``schedule`` can be called with the number of an event alone.

    The class of a schedule is refused as well: one of its instances was meant.
    """
    if not callable(schedule):
        raise ValueError(f"{name} must be a schedule or a function of (k), got {schedule!r}")
    if isinstance(schedule, type):
        raise ValueError(
            f"{name} must be a function, got the class {schedule.__name__}: give an instance, "
            f"{schedule.__name__}(...)"
        )
    try:
        signature = inspect.signature(schedule)
    except ValueError:
        # A builtin that does not tell what it takes.
        return
    try:
        signature.bind(0)
    except TypeError:
        called = getattr(schedule, "__qualname__", repr(schedule))
        raise ValueError(f"{name} must take (k), got {called}{signature}") from None


def check_values(**values: object) -> None:
    """Raise ValueError unless each of ``values`` is a finite number."""
    for name, value in values.items():
        if not isinstance(value, Real) or not math.isfinite(value):
            raise ValueError(f"{name} must be a finite number, got {value!r}")


def check_factor(**factors: object) -> None:
    """Raise ValueError unless each of ``factors`` is a finite number above 0."""
    check_values(**factors)
    for name, factor in factors.items():
        assert isinstance(factor, Real)
        if factor <= 0:
            raise ValueError(f"{name} must be above 0, got {factor}")


def check_order(name: str, events: Iterable[object], *, at_least: int) -> None:
    """Raise ValueError unless ``events`` are whole numbers from ``at_least`` that never fall."""
    last = at_least
    for event in (listed := list(events)):
        if isinstance(event, bool) or not isinstance(event, Integral) or int(event) < last:
            raise ValueError(
                f"{name} must be at whole events from {at_least}, in order, got {listed}"
            )
        last = int(event)
