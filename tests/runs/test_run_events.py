"""Where callbacks write events."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import yaml
from conftest import Run
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from programs.stopper import Teller

from lightning_kit.runs.events import EventLog
from lightning_kit.runs.run_events import RunEvents


def test_a_plain_trainer_has_one_file_in_its_folder(tmp_path: Path) -> None:
    trainer = pl.Trainer(
        **QUIET, default_root_dir=tmp_path, max_epochs=1, callbacks=[Teller(), Teller()]
    )
    trainer.fit(PlainModule(), datamodule=PlainData())
    (path,) = tmp_path.glob("events-*.jsonl")
    assert [event["fine"] for event in EventLog(path)] == [True, True]


def test_a_run_has_them_in_its_directory(kit: Run, plain_recipe: dict[str, Any]) -> None:
    plain_recipe["trainer"]["callbacks"] = [{"class_path": "programs.stopper.Teller"}]
    Path("small.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "small.yaml") == 0
    kinds = [event["kind"] for event in EventLog(Path("runs/small/latest/events.jsonl"))]
    assert kinds[0] == "start"
    assert "verdict" in kinds
    assert not list(Path(".").glob("events-*"))


def test_the_other_ranks_write_nothing(tmp_path: Path) -> None:
    RunEvents(None).append("verdict", fine=True)
    assert not list(tmp_path.iterdir())
