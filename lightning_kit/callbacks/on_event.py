"""Do something on an event."""

from collections.abc import Callable, Iterable
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.callbacks.event_listener import EventListener
from lightning_kit.callbacks.event_names import listened
from lightning_kit.callbacks.handler import Handler, call_all
from lightning_kit.meters import EventFilter


@final
class OnEvent(EventListener):
    """Call ``action(trainer, pl_module)`` on an event, always or now and then.

    Args:
        action: A function, or one of ``lightning_kit.callbacks.actions``. It may take fewer of
            the two arguments; with ``exception_raised``, a third is the exception, and an error
            in the action is logged, so that it does not hide the first.
        event: Name of an event, or a list; :class:`~lightning_kit.callbacks.Events` has them.
            ``own:<name>`` is one that a module fires with ``fire(trainer, "<name>")``.
        every: Act at each ``every``-th count, at least 1.
        once: Act at this count, or these.
        before: Act at counts below this one only.
        after: Act at counts above this one only.
        when: Says of a count whether to act at it.

    Raises:
        ValueError: If the event is unknown, the action is no function of these arguments, has a
            filter of its own or no effect at the event, or no count fulfils the conditions.

    Example:
        >>> OnEvent(print, "iteration_complete")
        Traceback (most recent call last):
        ValueError: event must be one of started, ... did you mean iteration_completed?
    """

    def __init__(
        self,
        action: Callable[..., Any],
        event: str | list[str],
        every: int | None = None,
        once: int | list[int] | None = None,
        before: int | None = None,
        after: int | None = None,
        when: Callable[[int], bool] | None = None,
    ) -> None:
        if not isinstance(event, str | list | tuple):
            raise ValueError(
                f"event must be a name or a list of names, got {event!r}: conditions are arguments "
                "of OnEvent"
            )
        names = [event] if isinstance(event, str) else list(event)
        if not names:
            raise ValueError("event must name at least one event, got []")
        if getattr(action, "filter", None) is not None:
            raise ValueError(
                f"action must not have a filter of its own, got {action.filter}: "  # type: ignore[attr-defined]
                "OnEvent says when"
            )
        self.handler = Handler(action, argument="action")
        self.events = [listened(name) for name in names]
        self.handler.refuse_idle(self.events, "action")
        self.filter = EventFilter(every, once, before, after, when)

    def listens_to(self, event: str) -> bool:
        return event in self.events

    def hear(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        event: str,
        count: int,
        exception: BaseException | None = None,
    ) -> None:
        if self.filter.matches(count):
            handlers = [self.handler] * self.events.count(event)
            call_all(handlers, trainer, pl_module, exception)

    def actions(self) -> Iterable[object]:
        return (self.handler.function,)
