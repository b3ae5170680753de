"""How far an exported model's numbers may lie from the module's own, by dtype."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

# The kit's answers with a known range; other outputs tell theirs by their values.
SHARES = ("probabilities", "confidence")
# An output of fractions reads as shares of 1 where one is at least this large.
A_LARGE_SHARE = 0.1
# What softmax and exp make of numbers below float32's normal range differs by runtime.
SMALLEST = 1e-30


@final
@dataclass(frozen=True)
class Tolerance:
    """What counts as rounding: ``absolute * scale + relative * |expected|``, element by element.

    The scale of an output is 1 where it holds shares of 1 (probabilities). Else it is the largest
    finite magnitude of its column (second dimension), so that a small target beside a large one is
    judged by its own size, and micrometres as strictly as metres.

    Args:
        absolute: In units of the scale: what is left of a sum whose terms cancel.
        relative: In units of the expected value.
    """

    absolute: float
    relative: float

    def allowed(self, output: str, expected: NDArray[Any]) -> NDArray[np.float64]:
        """Return the bound of every element of ``expected`` ``(N, ...)``; 0 where not finite."""
        finite = np.isfinite(expected)
        size = np.where(finite, np.abs(expected.astype(np.float64)), 0)
        bound = self.absolute * _scale(output, size) + self.relative * size + SMALLEST
        return np.where(finite, bound, 0)


# A type's own step, times what a few hundred terms summed in another order lose, over some layers:
# measured for torch 2.13 and onnxruntime 1.32, float32 networks differ by 1e-7 to 7e-7 of their
# answers' size, and deep ones by up to 1e-5. Faults differ by more: TF32 or bfloat16 arithmetic,
# which a runtime may choose by itself, by 1e-3, and a wrong epsilon of a normalisation by 1e-4.
TOLERANCES: dict[str, Tolerance] = {
    "float64": Tolerance(absolute=1e-9, relative=1e-9),
    "float32": Tolerance(absolute=1e-5, relative=1e-4),
    # Steps of 2**-11 and 2**-8 of a number, rounded once a layer.
    "float16": Tolerance(absolute=2e-3, relative=5e-3),
    "bfloat16": Tolerance(absolute=1.6e-2, relative=4e-2),
}


def tolerance_of(dtypes: Iterable[object]) -> Tolerance:
    """Return the tolerance of the coarsest type that a model computes in.

    Args:
        dtypes: Names or torch dtypes of parameters, buffers and floating inputs; others than
            floating-point types do not count. None at all: float32.

    >>> tolerance_of(["torch.float32", "torch.bfloat16", "int64"]) == TOLERANCES["bfloat16"]
    True
    """
    names = {str(dtype).removeprefix("torch.") for dtype in dtypes} & TOLERANCES.keys()
    coarsest_first = reversed(TOLERANCES)
    return TOLERANCES[next((name for name in coarsest_first if name in names), "float32")]


def _scale(output: str, size: NDArray[np.float64]) -> Any:
    if not size.size:
        return 1.0
    if output in SHARES or (size.max() <= 1 and size.max() >= A_LARGE_SHARE):
        return 1.0
    if size.ndim < 2:
        return size.max()
    others = (0, *range(2, size.ndim))
    return size.max(axis=others, keepdims=True)
