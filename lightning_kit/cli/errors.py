"""The error that ends a command with one line and exit code 2."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import final


@final
class InputError(Exception):
    """Input that a person can put right: what is wrong, where, the value and the way out."""


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return ``": did you mean X?"`` for the nearest of ``known``, or nothing.

    ``cutoff`` is how alike they must be, 1 at most.

    >>> did_you_mean("EarlyStoping", ["EarlyStopping", "Timer"])
    ': did you mean EarlyStopping?'
    >>> did_you_mean("x", ["EarlyStopping"])
    ''
    """
    choices = list(known)
    lowered = {choice.lower(): choice for choice in reversed(choices)}
    near = get_close_matches(name.lower(), lowered, n=1, cutoff=cutoff)
    return f": did you mean {lowered[near[0]]}?" if near else ""
