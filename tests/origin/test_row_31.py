"""Row 31: ``@trainer.on(Events.STARTED) custom_handler``: the same as an event handler."""

from typing import Any

import pytorch_lightning as pl
from ignite.engine import Engine
from ignite.engine import Events as IgniteEvents
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit.callbacks import EventHandlers, Events, OnEvent

SAID: list[str] = []


def started() -> None:
    SAID.append("started")


def test_a_handler_at_the_start_once() -> None:
    articles: list[str] = []
    engine = Engine(lambda engine, batch: None)

    @engine.on(IgniteEvents.STARTED)
    def custom_handler(engine: Engine) -> None:
        articles.append("started")

    data = PlainData()
    engine.run(data.train_dataloader(), max_epochs=2)

    events = EventHandlers()

    @events.on(Events.STARTED)
    def handler(trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert trainer.fit_loop.total_batch_idx == -1, "before the first batch"
        SAID.append("started")

    def fit(callback: pl.Callback) -> Any:
        SAID.clear()
        pl.Trainer(**QUIET, max_epochs=2, callbacks=[callback]).fit(PlainModule(), datamodule=data)
        return list(SAID)

    assert fit(events) == articles == ["started"]
    assert fit(OnEvent(started, "started")) == articles
