"""How long an answer takes."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
BATCHES = (1, 64)


def latencies_us(
    answer: Callable[[Arrays], object],
    inputs: Arrays,
    *,
    batches: tuple[int, ...] = BATCHES,
    budget_s: float = 0.2,
    most: int = 50,
) -> dict[str, float]:
    """Return the median latency of ``answer`` in microseconds, by batch size.

    Rows are repeated where there are fewer than a batch. The first call, which may still prepare
    something, does not count.

    Args:
        answer: Takes arrays of the graph's inputs.
        inputs: Of at least one row.
        batches: Sizes to try.
        budget_s: Seconds for each size; at least one call is timed.
        most: Calls to time at most.
    """
    rows = len(next(iter(inputs.values())))
    result = {}
    for size in batches:
        at = np.arange(size) % rows
        batch = {name: values[at] for name, values in inputs.items()}
        answer(batch)
        times: list[float] = []
        while not times or (len(times) < most and sum(times) < budget_s):
            start = perf_counter()
            answer(batch)
            times.append(perf_counter() - start)
        result[str(size)] = round(1e6 * median(times), 1)
    return result
