"""Actions and schedules inside callbacks take short names, in files and in flags."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Run

from lightning_kit.cli.nested_names import in_full
from lightning_kit.runs.directory import RunDirectory

FILE = """
trainer:
  callbacks+:
    - class_path: OnEvent
      init_args:
        action: {class_path: SetAttribute, init_args: {target: model.lr, value: 1.0}}
        event: started
    - class_path: ParamScheduler
      init_args:
        target: optimizer.lr
        schedule:
          class_path: Warmup
          init_args:
            start: 0.0
            duration: 2
            then: {class_path: Cosine, init_args: {start: 0.1, end: 0.0, cycle_size: 9}}
"""
FLAGS = [
    "--trainer.callbacks+={class_path: OnEvent, event: started, "
    "action: {class_path: SetAttribute, init_args: {target: model.lr, value: 1.0}}}",
    "--callbacks.ParamScheduler",
    "{target: optimizer.lr, schedule: {class_path: Warmup, init_args: {start: 0.0, duration: 2, "
    "then: {class_path: Cosine, init_args: {start: 0.1, end: 0.0, cycle_size: 9}}}}}",
]


@pytest.mark.parametrize("args", [["-c", "over.yaml"], FLAGS])
def test_a_run_writes_them_in_full(kit: Run, recipe: str, args: list[str]) -> None:
    Path("over.yaml").write_text(FILE)
    assert kit("fit", "-c", recipe, *args) == 0
    config = yaml.safe_load(RunDirectory.latest("small").config.read_text())
    *_, on_event, scheduler = config["trainer"]["callbacks"]
    assert on_event["class_path"] == "lightning_kit.callbacks.OnEvent"
    action, schedule = on_event["init_args"]["action"], scheduler["init_args"]["schedule"]
    assert action["class_path"] == "lightning_kit.callbacks.actions.SetAttribute"
    assert schedule["class_path"] == "lightning_kit.schedules.Warmup"
    assert schedule["init_args"]["then"]["class_path"] == "lightning_kit.schedules.Cosine"


def test_a_bare_name_a_list_and_names_of_other_things() -> None:
    cosine = {"class_path": "lightning_kit.schedules.Cosine"}
    assert in_full({"schedules": ["Cosine", cosine]}) == {"schedules": [cosine, cosine]}
    for other in ({"action": "skip_step"}, {"name": "Freeze"}, {"schedule": 3}, {"action": "a.B"}):
        assert in_full(other) == other


def test_a_misspelt_name_gets_a_suggestion(kit: Run, recipe: str, capsys: Any) -> None:
    flag = "--callbacks.OnEvent={event: started, action: {class_path: EmptyCach}}"
    assert kit("check", "-c", recipe, flag) == 2
    line = "callbacks.OnEvent.action: EmptyCach: no such action: did you mean EmptyCache?"
    assert line in capsys.readouterr().err
