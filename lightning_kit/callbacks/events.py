"""The events of a fit, by Ignite's names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Union, final

from lightning_kit.meters import EventFilter


@final
class Events(StrEnum):
    """What happens in a fit; calling one narrows it, ``|`` joins several.

    The count that a filter sees, from 1, is the iteration for iteration, batch, backward,
    optimizer and gradient events, the epoch for epoch and validation events, and else how often
    the event has fired. All of them go on after a resume.

    ``GET_BATCH_*`` count the batch that is fetched. A loader without length is asked one batch
    ahead, for Lightning must know which is the last: its first batch comes before ``STARTED``,
    where nobody listens yet. ``TERMINATE`` comes before ``COMPLETED``, after the epoch in which
    somebody asked to stop. Neither follows an exception. Validations before training, the sanity
    check, and those of ``Trainer.validate`` are no events.

    Example:
        >>> Events.ITERATION_COMPLETED(every=100) | Events.COMPLETED
        Events.ITERATION_COMPLETED(every=100) | Events.COMPLETED
    """

    STARTED = "started"
    EPOCH_STARTED = "epoch_started"
    GET_BATCH_STARTED = "get_batch_started"
    GET_BATCH_COMPLETED = "get_batch_completed"
    ITERATION_STARTED = "iteration_started"
    BACKWARD_STARTED = "backward_started"
    BACKWARD_COMPLETED = "backward_completed"
    OPTIMIZER_STEP_STARTED = "optimizer_step_started"
    OPTIMIZER_STEP_COMPLETED = "optimizer_step_completed"
    ZERO_GRAD_STARTED = "zero_grad_started"
    ITERATION_COMPLETED = "iteration_completed"
    VALIDATION_STARTED = "validation_started"
    VALIDATION_COMPLETED = "validation_completed"
    EPOCH_COMPLETED = "epoch_completed"
    TERMINATE = "terminate"
    COMPLETED = "completed"
    EXCEPTION_RAISED = "exception_raised"

    def __call__(
        self,
        every: int | None = None,
        once: int | list[int] | None = None,
        before: int | None = None,
        after: int | None = None,
        when: Callable[[int], bool] | None = None,
    ) -> "FilteredEvent":
        """Return this event where a filter of these conditions matches its count.

        Raises:
            ValueError: If the conditions contradict each other; see ``EventFilter``.
        """
        return FilteredEvent(self.value, EventFilter(every, once, before, after, when))

    def __or__(self, other: "AnyEvent") -> "EventsList":
        return EventsList((*each(self), *each(other)))


@final
@dataclass(frozen=True)
class FilteredEvent:
    """An event, by name, and which of its occurrences are meant."""

    name: str
    filter: EventFilter = field(default_factory=EventFilter)

    def __or__(self, other: "AnyEvent") -> "EventsList":
        return EventsList((*each(self), *each(other)))

    def __repr__(self) -> str:
        given = {name: value for name, value in vars(self.filter).items() if value is not None}
        said = ", ".join(f"{name}={value}" for name, value in given.items())
        name = f"Events.{Events(self.name).name}" if self.name in NAMES else repr(self.name)
        return f"{name}({said})" if said else name


@final
@dataclass(frozen=True)
class EventsList:
    """Several events; what stands twice happens twice."""

    events: tuple[FilteredEvent, ...]

    def __or__(self, other: "AnyEvent") -> "EventsList":
        return EventsList((*self.events, *each(other)))

    def __iter__(self) -> Iterator[FilteredEvent]:
        return iter(self.events)

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.events))


AnyEvent = Union[str, Events, FilteredEvent, EventsList]  # noqa: UP007 - names a class defined above
NAMES = frozenset(event.value for event in Events)


def each(event: AnyEvent) -> tuple[FilteredEvent, ...]:
    """Return the events that ``event`` joins."""
    if isinstance(event, EventsList):
        return event.events
    if isinstance(event, FilteredEvent):
        return (event,)
    if isinstance(event, str):
        return (FilteredEvent(str(event.value) if isinstance(event, Events) else event),)
    raise ValueError(f"event must be of Events, or a name of your own, got {event!r}")
