"""Say which of an event's occurrences count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import final

from lightning_kit.meters.arguments import check_whole
from lightning_kit.meters.functions import check_function


@final
@dataclass(frozen=True)
class EventFilter:
    """Pick occurrences of an event by their 1-based count; without conditions, all of them.

    ``every`` alone picks its multiples. Beside ``after`` or ``before`` it starts at the first
    count of the range, ``after + 1`` or 1.

    Args:
        every: Pick each ``every``-th, at least 1.
        once: Pick this count, or these.
        before: Pick counts below this one only.
        after: Pick counts above this one only.
        when: Says of a count whether to pick it: a function of one argument, the count.

    Raises:
        ValueError: If a number is out of range, the range holds no count, ``once`` or ``when``
            stands beside another condition, or ``when`` takes something else than a count.

    Example:
        >>> [n for n in range(1, 15) if EventFilter(every=5, before=12).matches(n)]
        [1, 6, 11]
        >>> [n for n in range(1, 15) if EventFilter(every=5).matches(n)]
        [5, 10]
    """

    every: int | None = None
    once: int | list[int] | None = None
    before: int | None = None
    after: int | None = None
    when: Callable[[int], bool] | None = None

    def __post_init__(self) -> None:
        ranged = [name for name in ("every", "before", "after") if getattr(self, name) is not None]
        alone = [name for name in ("once", "when") if getattr(self, name) is not None]
        if alone and len(ranged) + len(alone) > 1:
            others = [*ranged, *alone[1:]]
            raise ValueError(
                f"{alone[0]} stands alone, got also {', '.join(others)}: leave one out"
            )
        self._check_numbers()
        if self.when is not None:
            check_function("when", self.when, "count")
        if self.before is not None and self.before <= (self.after or 0) + 1:
            raise ValueError(
                f"before must be at least {(self.after or 0) + 2}, for a count after "
                f"{self.after or 0} and before it, got {self.before}"
            )

    @classmethod
    def given(cls, value: object) -> "EventFilter | None":
        """Return what an argument ``filter`` means: a filter, its conditions in a dict, or None.

        Raises:
            ValueError: If it is something else, or the dict has another key.

        Example:
            >>> EventFilter.given({"every": 2}) == EventFilter(every=2)
            True
        """
        if value is None or isinstance(value, cls):
            return value
        names = [field.name for field in fields(cls)]
        if not isinstance(value, Mapping):
            raise ValueError(
                f"filter must be an EventFilter, or a dict of {', '.join(names)}, got {value!r}"
            )
        if unknown := [key for key in value if key not in names]:
            raise ValueError(f"filter must have no keys but {', '.join(names)}, got {unknown[0]!r}")
        return cls(**value)

    def matches(self, count: int) -> bool:
        """Return whether the ``count``-th occurrence, from 1, is picked."""
        if self.when is not None:
            return bool(self.when(count))
        if self.once is not None:
            return count in _listed(self.once)
        after = self.after or 0
        if count <= after or (self.before is not None and count >= self.before):
            return False
        if self.every is None:
            return True
        if self.before is None and self.after is None:
            return count % self.every == 0
        return (count - after - 1) % self.every == 0

    def _check_numbers(self) -> None:
        for name, least in (("every", 1), ("before", 0), ("after", 0)):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), at_least=least)
        if self.once is None:
            return
        if not _listed(self.once):
            raise ValueError(f"once must name at least one count, got {self.once}")
        for count in _listed(self.once):
            check_whole("once", count, at_least=1)


def _listed(once: int | list[int]) -> list[int]:
    return list(once) if isinstance(once, list | tuple) else [once]
