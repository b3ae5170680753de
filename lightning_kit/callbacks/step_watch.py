"""Hear when an optimizer has stepped, for which Lightning has no hook."""

from collections.abc import Callable, Iterable
from typing import Any

from torch.optim import Optimizer


def watch_steps(optimizers: Iterable[Any], stepped: Callable[[], None]) -> Callable[[], None]:
    """Call ``stepped`` after each step that is taken; return what ends that.

    A step that a gradient scaler skips is none.

    Raises:
        ValueError: If an optimizer is not torch's, such as DeepSpeed's.
    """
    optimizers = list(optimizers)
    for optimizer in optimizers:
        if not isinstance(optimizer, Optimizer):
            raise ValueError(
                "optimizer_step_completed needs an optimizer of torch, got "
                f"{type(optimizer).__qualname__}: listen to optimizer_step_started"
            )

    def hear(*_: Any) -> None:
        stepped()

    handles = [optimizer.register_step_post_hook(hear) for optimizer in optimizers]

    def stop() -> None:
        for handle in handles:
            handle.remove()

    return stop
