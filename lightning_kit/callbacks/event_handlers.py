"""Functions on events, as Ignite's engines have them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, final

import pytorch_lightning as pl

from lightning_kit.callbacks.event_listener import EventListener
from lightning_kit.callbacks.event_names import named
from lightning_kit.callbacks.events import AnyEvent, FilteredEvent, each
from lightning_kit.callbacks.handler import Handler, call_all

Function = TypeVar("Function", bound=Callable[..., Any])


@final
@dataclass(frozen=True, eq=False)
class Registration:
    """One function on one event."""

    event: FilteredEvent
    handler: Handler


@final
class EventHandle:
    """Take handlers away again: by :meth:`remove`, or as a context manager at its end."""

    def __init__(self, handlers: "EventHandlers", registered: list[Registration]) -> None:
        self.handlers = handlers
        self.registered = registered

    def remove(self) -> None:
        """Take them away; a second time does nothing."""
        mine = self.registered
        kept = [one for one in self.handlers.registered if one not in mine]
        self.handlers.registered = kept

    def __enter__(self) -> "EventHandle":
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


@final
class EventHandlers(EventListener):
    """Call functions on events, in the order in which they were added.

    A function is called as ``function(trainer, pl_module, *args, **kwargs)`` and may take fewer of
    the first two; on ``EXCEPTION_RAISED`` a third is the exception. There each function is called
    whatever the others raise, and what they raise is logged.

    Example:
        >>> from lightning_kit.callbacks import Events
        >>> events = EventHandlers()
        >>> @events.on(Events.ITERATION_COMPLETED(every=100) | Events.COMPLETED)
        ... def tell(trainer):
        ...     print(trainer.callback_metrics)

        It goes to the Trainer as any callback: ``pl.Trainer(callbacks=[events])``.
    """

    def __init__(self) -> None:
        self.registered: list[Registration] = []

    def on(self, event: AnyEvent, *args: Any, **kwargs: Any) -> Callable[[Function], Function]:
        """Decorate a function to be called on ``event``, with these further arguments."""

        def add(function: Function) -> Function:
            self.add_event_handler(event, function, *args, **kwargs)
            return function

        return add

    def add_event_handler(
        self, event: AnyEvent, handler: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> EventHandle:
        """Call ``handler`` on ``event`` from now on; return what takes it away again.

        Args:
            event: An event, several joined with ``|``, or the name of one that is fired by
                :func:`~lightning_kit.callbacks.fire`: ``own:<name>``, or plain where it is not
                close to a built-in one's.
            handler: The function.
            args: Its further arguments.
            kwargs: Its further keywords.

        Raises:
            ValueError: If the function cannot be called so or has no effect at the event, or the
                event is none or close to a built-in one.
        """
        events = [replace(one, name=named(one.name)) for one in each(event)]
        called = Handler(handler, *args, **kwargs)
        called.refuse_idle(one.name for one in events)
        added = [Registration(one, called) for one in events]
        self.registered = [*self.registered, *added]
        return EventHandle(self, added)

    def remove(self, handler: Callable[..., Any], event: str | None = None) -> None:
        """Take ``handler`` away from ``event``, or from all events.

        Raises:
            ValueError: If it is not there.
        """
        wanted = None if event is None else named(event)
        found = [
            one
            for one in self.registered
            if one.handler.function == handler and wanted in (None, one.event.name)
        ]
        if not found:
            name = getattr(handler, "__qualname__", repr(handler))
            raise ValueError(f"handler must be one that was added, got {name} on {event or 'any'}")
        EventHandle(self, found).remove()

    def listens_to(self, event: str) -> bool:
        return True

    def hear(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        event: str,
        count: int,
        exception: BaseException | None = None,
    ) -> None:
        for one in self.registered:
            # What a handler before it has removed is not called any more.
            if (
                one.event.name == event
                and one in self.registered
                and one.event.filter.matches(count)
            ):
                call_all([one.handler], trainer, pl_module, exception)

    def actions(self) -> Iterable[object]:
        return [one.handler.function for one in self.registered]
