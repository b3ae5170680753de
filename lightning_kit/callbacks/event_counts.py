"""How often the events of one trainer have fired, and what their actions left behind."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, final
from weakref import WeakKeyDictionary

import pytorch_lightning as pl


@final
class EventCounts:
    """One for each trainer, whoever listens, so that all listeners see the same count."""

    KEY = "lightning_kit_events"

    def __init__(self) -> None:
        self.fired: Counter[str] = Counter()
        self.effects: dict[str, Any] = {}

    @classmethod
    def of(cls, trainer: pl.Trainer) -> "EventCounts":
        return _of.setdefault(trainer, cls())

    def add(self, event: str) -> int:
        """Count one more; return how many there were."""
        self.fired[event] += 1
        return self.fired[event]

    def state_dict(self) -> dict[str, Any]:
        # Plain names, for a checkpoint loads without the classes of this package.
        return {"fired": {str(n): k for n, k in self.fired.items()}, "effects": dict(self.effects)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.fired = Counter(state["fired"])
        self.effects = dict(state["effects"])


_of: WeakKeyDictionary[pl.Trainer, EventCounts] = WeakKeyDictionary()
