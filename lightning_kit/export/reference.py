"""The module's own answers, which files are compared with, and whether they stand by themselves."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.export.asking import Answer, Answers, ask
from lightning_kit.export.difference import differences
from lightning_kit.export.errors import ExportError
from lightning_kit.export.samples import ENOUGH, Samples
from lightning_kit.export.tolerance import Tolerance

FULL = 256
# Rounding that depends on the batch's size, e.g. of small differences of large numbers.
MOST_OF_ITS_OWN = 10


@final
@dataclass(frozen=True)
class Reference:
    """What the module answers to the samples.

    Args:
        full: Its answers to all ``N`` samples, in batches of at most 256.
        at: Numbers of the samples that it answered one by one and two by two as well.
        alone: Its answers to those, one by one.
        paired: Its answers to those, two by two.
    """

    full: Answers
    at: NDArray[np.int64]
    alone: Answers
    paired: Answers

    @classmethod
    def of(cls, answer: Answer, samples: Samples, tolerance: Tolerance) -> Self:
        """Ask the module.

        Raises:
            ExportError: If its answers to the same row change from call to call, or with the other
                rows of a batch, by more than rounding: no file could be held against them.
        """
        rows, every = samples.rows, np.arange(len(samples))
        full = ask(answer, rows, every, FULL)
        at = samples.spread(ENOUGH)
        found = cls(full, at, ask(answer, rows, at, 1), ask(answer, rows, at, 2))
        # Ten times what is allowed each way, so that rounding alone never stops an export here.
        lax = Tolerance(tolerance.absolute * MOST_OF_ITS_OWN, tolerance.relative * MOST_OF_ITS_OWN)
        again = ask(answer, rows, every, FULL)
        asked = {
            "asked again": (full, again),
            "asked one by one": (found.some(), found.alone),
            "asked two by two": (found.some(), found.paired),
        }
        for how, (first, then) in asked.items():
            wrong = next((each for each in differences([first], then, lax) if each.reason), None)
            if wrong is not None:
                raise ExportError(
                    f"the module's own answers must not depend on the call or on the other rows "
                    f"of a batch: {how}, output {wrong.output!r}, {wrong.reason} (is dropout or "
                    f"a batch's own statistics left on in evaluation?)"
                )
        return found

    def some(self) -> Answers:
        """Return the answers of the full batches to the samples ``at``."""
        return {name: values[self.at] for name, values in self.full.items()}

    def spans(self) -> list[Answers]:
        """Return all that the module says to the samples ``at``."""
        return [self.some(), self.alone, self.paired]

    def remarks(self) -> list[str]:
        """Return what keeps the comparison from telling much, a line each."""
        result = []
        for name, values in self.full.items():
            if len(values) > 1 and (values == values[:1]).all():
                result.append(f"output {name!r} is the same for all samples")
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                rows = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
                result.append(f"output {name!r} is not finite in {int(rows.sum())} samples")
        return result
