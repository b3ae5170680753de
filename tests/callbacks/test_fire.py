"""Events that a module fires itself."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks.event_handlers import EventHandlers
from lightning_kit.callbacks.events import FilteredEvent
from lightning_kit.callbacks.fire import fire
from lightning_kit.callbacks.on_event import OnEvent
from lightning_kit.meters import EventFilter


class Firing(Traced):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        if batch_idx % 2:
            fire(self.trainer, "odd")
        return super().training_step(batch, batch_idx)


def test_all_event_callbacks_hear_it_with_one_count(tmp_path: Any) -> None:
    def callbacks(said: list[Any]) -> list[pl.Callback]:
        events = EventHandlers()
        events.add_event_handler("odd", said.append, "odd")
        events.add_event_handler(FilteredEvent("odd", EventFilter(every=2)), said.append, "second")
        return [OnEvent(lambda: said.append("fourth"), "own:odd", once=4), events]

    said: list[Any] = []
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=callbacks(said))
    trainer.fit(Firing(), loader(), loader())
    assert said == ["odd", "odd", "second", "odd"]

    # Three in the first epoch; the count goes on where another process takes over.
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    said.clear()
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=callbacks(said))
    trainer.fit(Firing(), loader(), loader(), ckpt_path=tmp_path / "one.ckpt")
    assert said == ["fourth", "odd", "second", "odd", "odd", "second"]


def test_a_built_in_name_is_refused() -> None:
    with pytest.raises(ValueError, match="name must not be a built-in event.*'started'"):
        fire(pl.Trainer(**QUIET), "started")
