"""One count for all listeners of a trainer, which a resume goes on with."""

import pytorch_lightning as pl
from programs.traced import QUIET

from lightning_kit.callbacks.event_counts import EventCounts


def test_one_for_each_trainer() -> None:
    trainer, other = pl.Trainer(**QUIET), pl.Trainer(**QUIET)
    assert EventCounts.of(trainer) is EventCounts.of(trainer)
    assert EventCounts.of(trainer) is not EventCounts.of(other)


def test_the_state_goes_on() -> None:
    counts = EventCounts()
    assert [counts.add("a"), counts.add("a"), counts.add("b")] == [1, 2, 1]
    counts.effects["frozen"] = ["net"]
    other = EventCounts()
    other.load_state_dict(counts.state_dict())
    assert other.add("a") == 3
    assert other.effects == {"frozen": ["net"]}
    assert counts.fired["a"] == 2
