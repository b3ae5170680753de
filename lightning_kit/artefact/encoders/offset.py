"""Where numbers lie so far from 0 that float32 would round their spread away."""

import numpy as np
from numpy.typing import NDArray

# Rounding to steps of this share of the standard deviation is noise of 0.3 % of it.
COARSEST_STEP = 0.01


def offset_of(values: NDArray[np.float64]) -> float:
    """Return what an encoder takes off ``values`` ``(N,)`` before they become float32.

    That is the median where a step of float32 is coarse beside the standard deviation, as for
    seconds since 1970 (steps of 128) over an hour. Elsewhere it is 0: a feature stays the number.

    >>> offset_of(np.array([1.7e9, 1.7e9 + 60, 1.7e9 + 90])), offset_of(np.array([20.0, 30.0]))
    (1700000060.0, 0.0)
    """
    step = np.spacing(np.float32(np.abs(values).max()))
    spread = values.std()
    return float(np.median(values)) if 0 < spread < step / COARSEST_STEP else 0.0
