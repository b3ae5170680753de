"""Asking for the answers to many rows, so many at a time."""

from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.export.samples import take

Answers = dict[str, NDArray[Any]]
Answer = Callable[[RawRows], Mapping[str, NDArray[Any]]]


@final
class WrongAnswer(ValueError):
    """Answers that no row can be found in."""


def ask(answer: Answer, rows: RawRows, at: NDArray[np.int64], size: int) -> Answers:
    """Return the answers to the rows ``at``, asked for ``size`` at a time.

    Every call gets rows of its own: what one changes in place, no other sees.

    Raises:
        WrongAnswer: If a call answers another number of rows than it was asked for, or if calls
            differ in names, types or shapes.
    """
    parts = [
        _checked(answer(take(rows, at[start : start + size])), len(at[start : start + size]))
        for start in range(0, len(at), size)
    ]
    signature = _signature(parts[0])
    for part in parts:
        if _signature(part) != signature:
            raise WrongAnswer(
                f"must answer alike at every call, got {signature}, then {_signature(part)}"
            )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _checked(answers: Mapping[str, Any], rows: int) -> Answers:
    # Copies: a runtime may use its output's memory again.
    arrays = {name: np.array(values) for name, values in answers.items()}
    if not arrays:
        raise WrongAnswer("must answer something, got no outputs")
    for name, values in arrays.items():
        if not values.ndim or len(values) != rows:
            found = f"shape {values.shape}"
            raise WrongAnswer(f"output {name!r} must have the {rows} rows asked for, got {found}")
    return arrays


def _signature(answers: Answers) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {name: (str(values.dtype), values.shape[1:]) for name, values in answers.items()}
