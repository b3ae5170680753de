"""Fire an event of one's own."""

import pytorch_lightning as pl

from lightning_kit.callbacks.event_counts import EventCounts
from lightning_kit.callbacks.event_listener import EventListener
from lightning_kit.callbacks.event_names import own
from lightning_kit.compat import callbacks_of


def fire(trainer: pl.Trainer, name: str) -> None:
    """Tell every event callback of ``trainer`` that ``name`` happened.

    Its count is how often it has been fired, also over a resume. Where what it calls must be done
    on all ranks, fire it on all ranks.

    Args:
        trainer: The trainer; a module has ``self.trainer``.
        name: A name of your own, plain. ``OnEvent`` calls it ``own:<name>``, ``EventHandlers`` so
            or plain as well.

    Raises:
        ValueError: If a built-in event has the name.
    """
    count = EventCounts.of(trainer).add(own(name))
    for callback in list(callbacks_of(trainer)):
        if isinstance(callback, EventListener) and callback.listens_to(name):
            callback.hear(trainer, trainer.lightning_module, name, count)
