"""Say in words what a step waits for."""

import math
from collections.abc import Mapping

#: What a training step consists of, in its order; what is more belongs to none of them.
STEP = ("waiting", "transfer", "forward", "backward", "optimizer", "callbacks", "other")
COMPUTING = ("forward", "backward", "optimizer")


def time_verdict(
    means: Mapping[str, float],
    *,
    num_workers: int | None = None,
    cores: int = 1,
    dearest: str | None = None,
    is_lean: bool = False,
) -> str:
    """Name what takes most of a step, its share, and what to try.

    Args:
        means: Seconds in a mean step of each of :data:`STEP`; other keys do not count.
        num_workers: Of the training loader; None where it has no such setting.
        cores: Of this process: more workers than these do not help.
        dearest: The callback that takes most.
        is_lean: Whether hooks that nobody overrides are left out already.

    Raises:
        ValueError: If a step takes no time.

    Example:
        >>> time_verdict({"waiting": 0.062, "forward": 0.038}, num_workers=0, cores=8)
        'input-bound: 62 % of the step waits for data; try num_workers=2'
    """
    step = sum(means.get(part, 0.0) for part in STEP)
    if step <= 0:
        raise ValueError(f"means must hold a time above 0 of {', '.join(STEP)}, got {dict(means)}")
    share = {part: means.get(part, 0.0) / step for part in STEP}
    computing = sum(share[part] for part in COMPUTING)
    kinds = {
        "compute": computing,
        "input": share["waiting"],
        "transfer": share["transfer"],
        "callback": share["callbacks"],
        "overhead": share["other"],
    }
    kind = max(kinds, key=lambda each: kinds[each])
    percent = f"{100 * kinds[kind]:.0f} % of the step"
    if kind == "input":
        why = f"{percent} waits for data; {_more_workers(share['waiting'], num_workers, cores)}"
    elif kind == "transfer":
        why = f"{percent} moves batches to the device; try pin_memory=True"
    elif kind == "callback":
        most = "" if dearest is None else f", most in {dearest}"
        why = f"{percent} is in callbacks{most}; let it act less often"
    elif kind == "overhead":
        way_out = "try larger batches" if is_lean else "try lean(trainer), or larger batches"
        why = f"{percent} is neither data, computing nor callbacks; {way_out}"
    else:
        parts = ", ".join(f"{part} {100 * share[part]:.0f} %" for part in COMPUTING)
        why = f"{percent} computes ({parts})"
    return f"{kind}-bound: {why}"


def _more_workers(waiting: float, num_workers: int | None, cores: int) -> str:
    if num_workers is None:
        return "prepare less for each batch, or ahead of time"
    # Without workers a batch takes `waiting` to load; with saturated ones, as many whole steps.
    load = num_workers or waiting
    enough = cores if waiting >= 1 else math.ceil(load / (1 - waiting))
    enough = min(max(enough, num_workers + 1), cores)
    if enough <= num_workers:
        return f"num_workers={num_workers} keeps the {cores} cores busy: prepare less for a sample"
    return f"try num_workers={enough}"
