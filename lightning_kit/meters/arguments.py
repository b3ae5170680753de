"""Refuse arguments that no meter can work with."""

from numbers import Integral, Real


def check_whole(name: str, value: object, *, at_least: int, unit: str = "") -> None:
    """Raise ValueError unless ``value`` is a whole number, Python's or numpy's, not a boolean."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{name} must be a whole number, at least {at_least}, got {value!r}")
    if int(value) < at_least:
        raise ValueError(f"{name} must be at least {at_least}{unit and f' {unit}'}, got {value}")


def is_number(value: object) -> bool:
    """Return whether ``value`` is a real number, Python's or numpy's, not text."""
    return isinstance(value, Real)
