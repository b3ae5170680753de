"""An action on an event, from Python and from a recipe."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import yaml
from conftest import Run
from programs.plain import PlainModule
from programs.stock import stock
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks import actions
from lightning_kit.callbacks.end_epoch import EndEpoch
from lightning_kit.callbacks.events import Events
from lightning_kit.callbacks.on_event import OnEvent
from lightning_kit.meters import EventFilter

SAID: list[int] = []


def tell(trainer: pl.Trainer) -> None:
    SAID.append(trainer.fit_loop.total_batch_idx + 1)


def late(count: int) -> bool:
    return count > 8


@pytest.fixture(autouse=True)
def _empty() -> None:
    SAID.clear()


@pytest.mark.parametrize(
    ("conditions", "picked"),
    [
        # Six batches an epoch, two epochs: iterations 1 to 12.
        ({}, list(range(1, 13))),
        ({"every": 5}, [5, 10]),
        ({"every": 5, "before": 12, "after": 2}, [3, 8]),
        ({"once": [2, 11]}, [2, 11]),
        ({"when": late}, [9, 10, 11, 12]),
    ],
)
def test_conditions(conditions: dict[str, Any], picked: list[int]) -> None:
    told = OnEvent(tell, "iteration_completed", **conditions)
    pl.Trainer(**QUIET, max_epochs=2, callbacks=[told]).fit(Traced(), loader(), loader())
    assert picked == SAID


def test_several_events() -> None:
    told = OnEvent(tell, ["epoch_started", Events.EPOCH_COMPLETED], once=2)
    pl.Trainer(**QUIET, max_epochs=2, callbacks=[told]).fit(Traced(), loader(), loader())
    assert SAID == [6 + 0, 12]


def test_two_with_the_same_action_may_stand_side_by_side() -> None:
    told: list[pl.Callback] = [OnEvent(tell, e) for e in ("started", "started", "completed")]
    pl.Trainer(**QUIET, max_epochs=1, callbacks=told).fit(Traced(), loader(), loader())
    assert len(SAID) == 3


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="did you mean epoch_completed"):
        OnEvent(tell, "epoch_complete")
    with pytest.raises(ValueError, match="event must name at least one"):
        OnEvent(tell, [])
    with pytest.raises(ValueError, match="action must be a function"):
        OnEvent(3, "started")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="once stands alone"):
        OnEvent(tell, "started", once=1, every=2)
    with pytest.raises(ValueError, match="action must not have a filter of its own"):
        OnEvent(EndEpoch(EventFilter(every=2)), "iteration_completed")


def recipe(action: Any, **arguments: Any) -> list[dict[str, Any]]:
    return [
        {
            "class_path": "lightning_kit.callbacks.OnEvent",
            "init_args": {"action": action, **arguments},
        }
    ]


def test_from_a_recipe_with_a_function_and_a_class(plain_recipe: dict[str, Any]) -> None:
    stop = "lightning_kit.callbacks.actions.StopTraining"
    callbacks = [
        *recipe("callbacks.test_on_event.tell", event="iteration_completed", every=2, before=9),
        *recipe(
            {"class_path": stop, "init_args": {"reason": "enough"}}, event="epoch_completed", once=3
        ),
    ]
    plain_recipe["trainer"] |= {**QUIET, "callbacks": callbacks, "max_epochs": 9}
    Path("events.yaml").write_text(yaml.safe_dump(plain_recipe))
    cli = stock("fit", "-c", "events.yaml")
    from callbacks import test_on_event

    # Imported by its path, this file is another module than the one that pytest runs.
    assert test_on_event.SAID == [1, 3, 5, 7]
    assert cli.trainer.current_epoch == 3


ACTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("EmptyCache", {}, "epoch_completed"),
    ("EndEpoch", {"validate": False}, "iteration_completed"),
    ("Freeze", {"names": ["net.1.bias"]}, "epoch_completed"),
    ("LogLearningRate", {"name": "rate"}, "iteration_completed"),
    ("SaveCheckpoint", {"path": "{epoch}.ckpt"}, "epoch_completed"),
    ("SetAttribute", {"target": "model.net.0.p", "value": 0.5}, "epoch_started"),
    ("StopTraining", {}, "epoch_completed"),
    ("Unfreeze", {"names": "net.*"}, "completed"),
    ("Validate", {}, "iteration_completed"),
    (
        "Validate",
        {"dataloaders": "callbacks.test_on_event.loader", "prefix": "other"},
        "iteration_completed",
    ),
]


def test_every_action_from_a_recipe(plain_recipe: dict[str, Any]) -> None:
    assert {name for name, _, _ in ACTIONS} == set(actions.__all__)
    place = "lightning_kit.callbacks.actions"
    plain_recipe["trainer"] |= {**QUIET, "default_root_dir": ".", "min_epochs": 2}
    plain_recipe["trainer"]["callbacks"] = [
        callback
        for name, init_args, event in ACTIONS
        for callback in recipe(
            {"class_path": f"{place}.{name}", "init_args": init_args},
            event=[event],
            when="callbacks.test_on_event.first",
        )
    ]
    plain_recipe["model"]["class_path"] = "callbacks.test_on_event.Unlogged"
    Path("events.yaml").write_text(yaml.safe_dump(plain_recipe))
    cli = stock("fit", "-c", "events.yaml")
    # Five batches an epoch: the first epoch ended after one.
    assert cli.trainer.fit_loop.total_batch_idx + 1 == 6
    assert Path("1.ckpt").exists()
    assert cli.model.net[0].p == 0.5
    assert all(parameter.requires_grad for parameter in cli.model.parameters())


def first(count: int) -> bool:
    return count == 1


class Unlogged(PlainModule):
    """Takes any rows in validation."""

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.net(batch[0])


def test_an_unknown_event_ends_the_command_line_with_two(
    kit: Run, plain_recipe: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    plain_recipe["trainer"]["callbacks"] = recipe("builtins.print", event="epoch_complete")
    Path("events.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "events.yaml") == 2
    said = capsys.readouterr().err
    assert "did you mean epoch_completed" in said
    assert "Traceback" not in said
