"""A function that an event calls, with as many arguments as it takes."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.callbacks.events import Events
from lightning_kit.meters.functions import accepts, described, refuse_class

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
        refuse_class(argument, function)
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
        for num in (2, 3, 1, 0):
            if accepts(self.function, *[None] * num, *self.args, **self.kwargs):
                return num
        raise ValueError(
            f"{argument} must take (trainer, pl_module) or fewer before its own arguments, "
            f"got {described(self.function)}"
        )

    def refuse_idle(self, events: Iterable[str], argument: str = "handler") -> None:
        """Raise ValueError where one of ``events`` gives the function nothing to act on.

        A function that knows such events names them in ``idle_events``.
        """
        for event in events:
            if event in getattr(self.function, "idle_events", ()):
                raise ValueError(
                    f"{argument} {type(self.function).__name__} has no effect at {event!r}: choose "
                    "another event"
                )
            if self.num_given > 2 and event != Events.EXCEPTION_RAISED:
                raise ValueError(
                    f"{argument} must take (trainer, pl_module) or fewer at {event!r}, got "
                    f"{described(self.function)}: a third, the exception, comes with "
                    f"{Events.EXCEPTION_RAISED.value!r} alone"
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
