"""Row 30: ``class CustomCallback(Callback): on_train_start``: a user's callback works unchanged."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import yaml
from conftest import Run
from programs.origin import CustomCallback
from programs.plain import PlainData, PlainModule

from lightning_kit.callbacks import EventHandlers, Events


def test_a_callback_of_ones_own_by_import_path(kit: Run, plain_recipe: dict[str, Any]) -> None:
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[CustomCallback()],
    )
    CustomCallback.said.clear()
    trainer.fit(PlainModule(), datamodule=PlainData())
    plain = list(CustomCallback.said)

    plain_recipe["callbacks"] = {"told": {"class_path": "programs.origin.CustomCallback"}}
    Path("row.yaml").write_text(yaml.safe_dump(plain_recipe))
    CustomCallback.said.clear()
    assert kit("fit", "-c", "row.yaml") == 0
    assert CustomCallback.said == plain == ["started", "ended"]


def test_beside_event_handlers_it_is_called_as_alone() -> None:
    events = EventHandlers()
    events.add_event_handler(Events.STARTED, CustomCallback.said.append, "event")
    CustomCallback.said.clear()
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[CustomCallback(), events],
    )
    trainer.fit(PlainModule(), datamodule=PlainData())
    assert CustomCallback.said == ["started", "event", "ended"]
