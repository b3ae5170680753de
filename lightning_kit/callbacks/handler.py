"""A function that an event calls, with as many arguments as it takes."""

import inspect
import logging
from collections.abc import Callable, Iterable
from typing import Any, final

import pytorch_lightning as pl

log = logging.getLogger(__name__)


@final
class Handler:
    """Call ``function(trainer, pl_module, *args, **kwargs)``, or with fewer of the first two.

    The first that fits of ``(trainer, pl_module)``, ``(trainer)`` and none is taken. A function
    that needs three gets the exception of ``exception_raised`` as the third.

    Args:
        function: What to call.
        argument: The name that an error gives it.
        args: Further arguments.
        kwargs: Further keywords.

    Raises:
        ValueError: If ``function`` cannot be called so.
    """

    def __init__(
        self, function: Callable[..., Any], *args: Any, argument: str = "handler", **kwargs: Any
    ) -> None:
        if not callable(function):
            raise ValueError(f"{argument} must be a function, got {function!r}")
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.num_given = self._fitting(argument)

    def __call__(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        exception: BaseException | None = None,
    ) -> None:
        given = (trainer, pl_module, exception)[: self.num_given]
        self.function(*given, *self.args, **self.kwargs)

    def _fitting(self, argument: str) -> int:
        try:
            signature = inspect.signature(self.function)
        except ValueError:  # a builtin that does not tell
            return 2
        for num in (2, 3, 1, 0):
            try:
                signature.bind(*[None] * num, *self.args, **self.kwargs)
            except TypeError:
                continue
            return num
        name = getattr(self.function, "__qualname__", repr(self.function))
        raise ValueError(
            f"{argument} must take (trainer, pl_module) or fewer before its own arguments, "
            f"got {name}{signature}"
        )


def call_all(
    handlers: Iterable[Handler],
    trainer: pl.Trainer,
    pl_module: pl.LightningModule,
    exception: BaseException | None,
) -> None:
    """Call each; beside an ``exception`` an error in one is logged and hides nothing."""
    for handler in handlers:
        if exception is None:
            handler(trainer, pl_module)
            continue
        try:
            handler(trainer, pl_module, exception)
        except Exception:
            log.exception("a handler of exception_raised failed; the first exception goes on")
