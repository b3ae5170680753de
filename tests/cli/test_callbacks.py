"""Callbacks addressed by name: change, append, remove, and what is said about mistakes."""

from typing import Any

import pytest

from lightning_kit.cli.callbacks import Callbacks, normal
from lightning_kit.cli.errors import InputError

STOP = {"class_path": "pytorch_lightning.callbacks.EarlyStopping", "init_args": {"monitor": "a"}}
SAVE = {"class_path": "pytorch_lightning.callbacks.ModelCheckpoint", "init_args": {"monitor": "a"}}


def listed(*items: Any) -> Callbacks:
    callbacks = Callbacks()
    callbacks.replace(list(items), "recipe.yaml")
    return callbacks


def arguments(callbacks: Callbacks) -> list[Any]:
    return [entry["init_args"] for entry in callbacks.entries]


def test_an_entry_is_changed_by_its_class_name() -> None:
    callbacks = listed(STOP, SAVE)
    callbacks.apply({"EarlyStopping": {"patience": 9}}, "over.yaml")
    assert arguments(callbacks) == [{"monitor": "a", "patience": 9}, {"monitor": "a"}]


def test_a_full_class_path_names_an_entry_too() -> None:
    callbacks = listed(STOP, SAVE)
    callbacks.apply({STOP["class_path"]: {"patience": 9}}, "over.yaml")
    assert arguments(callbacks) == [{"monitor": "a", "patience": 9}, {"monitor": "a"}]
    callbacks.apply({"pytorch_lightning.callbacks.Timer": {}}, "over.yaml")
    assert callbacks.entries[2] == normal("Timer")


def test_one_that_is_not_there_is_appended_and_null_removes() -> None:
    callbacks = listed(STOP, SAVE)
    callbacks.apply({"LearningRateMonitor": {}, "EarlyStopping": None}, "over.yaml")
    names = [entry["class_path"].rpartition(".")[2] for entry in callbacks.entries]
    assert names == ["ModelCheckpoint", "LearningRateMonitor"]


def test_a_class_that_occurs_twice_is_numbered() -> None:
    callbacks = listed(SAVE, STOP, SAVE)
    callbacks.apply({"ModelCheckpoint#2": {"save_top_k": 3}}, "over.yaml")
    assert arguments(callbacks) == [
        {"monitor": "a"}, {"monitor": "a"}, {"monitor": "a", "save_top_k": 3},
    ]  # fmt: skip
    with pytest.raises(
        InputError, match="occurs 2 times: say ModelCheckpoint#1 or ModelCheckpoint#2"
    ):
        callbacks.apply({"ModelCheckpoint": {}}, "over.yaml")
    with pytest.raises(InputError, match="there are not so many; there are: ModelCheckpoint, Ea"):
        callbacks.apply({"ModelCheckpoint#3": {}}, "over.yaml")


def test_a_class_path_under_any_key_names_an_entry() -> None:
    callbacks = listed(SAVE)
    own = {"class_path": "pytorch_lightning.callbacks.ModelCheckpoint", "monitor": "b"}
    callbacks.apply({"often": own}, "over.yaml")
    callbacks.apply({"often": {"save_top_k": -1}}, "flags")
    assert arguments(callbacks) == [{"monitor": "a"}, {"monitor": "b", "save_top_k": -1}]
    callbacks.apply({"often": None}, "flags")
    assert len(callbacks.entries) == 1


def test_a_class_path_that_changes_drops_the_arguments() -> None:
    callbacks = listed(STOP)
    callbacks.apply({"EarlyStopping": {"class_path": "Timer"}}, "over.yaml")
    assert callbacks.entries == [normal("Timer")]


@pytest.mark.parametrize("later", ["EarlyStopping", STOP["class_path"], "Timer"])
def test_an_entry_keeps_its_name_when_its_class_changes(later: str) -> None:
    callbacks = listed(STOP)
    callbacks.apply({"EarlyStopping": {"class_path": "Timer"}}, "over.yaml")
    callbacks.apply({later: {"duration": "00:01:00:00"}}, "flags")
    assert callbacks.entries == [normal({"class_path": "Timer", "duration": "00:01:00:00"})]
    callbacks.apply({later: None}, "flags")
    assert callbacks.entries == []


def test_numbers_stay_when_the_class_of_one_changes() -> None:
    callbacks = listed(SAVE, SAVE)
    callbacks.apply({"ModelCheckpoint#1": {"class_path": "Timer"}}, "over.yaml")
    callbacks.apply({"ModelCheckpoint#2": {"save_top_k": 3}}, "flags")
    callbacks.apply({"ModelCheckpoint#1": {"verbose": False}}, "flags")
    assert arguments(callbacks) == [
        {"interval": "step", "verbose": False}, {"monitor": "a", "save_top_k": 3},
    ]  # fmt: skip
    with pytest.raises(InputError, match="occurs 2 times"):
        callbacks.apply({"ModelCheckpoint": {}}, "flags")


def test_a_plain_list_replaces_and_says_what_it_drops() -> None:
    callbacks = listed(STOP, SAVE)
    callbacks.replace(["LearningRateMonitor"], "over.yaml")
    assert len(callbacks.entries) == 1
    assert len(callbacks.dropped) == 1
    assert "over.yaml: trainer.callbacks replaces" in callbacks.dropped[0]
    assert "drops EarlyStopping, ModelCheckpoint;" in callbacks.dropped[0]


def test_what_a_list_keeps_is_not_said_to_be_dropped() -> None:
    callbacks = listed(STOP)
    callbacks.replace([STOP, SAVE], "over.yaml")
    assert callbacks.dropped == []


def test_a_second_entry_of_one_class_is_named_where_it_is_dropped() -> None:
    other = {**SAVE, "init_args": {"monitor": "b"}}
    for kept, dropped in ((SAVE, "#2"), (other, "#1"), ({**SAVE, "init_args": {}}, "#2")):
        callbacks = listed(SAVE, other)
        callbacks.replace([kept], "over.yaml")
        (line,) = callbacks.dropped
        assert f"drops ModelCheckpoint{dropped};" in line


def test_flags_append_and_change_the_last() -> None:
    callbacks = listed(SAVE)
    callbacks.append("EarlyStopping")
    callbacks.set_last(["monitor"], lambda path, name: f"{name} of {path}")
    path = "lightning_kit.callbacks.EarlyStopping"
    assert arguments(callbacks)[1] == {"monitor": f"monitor of {path}"}
    callbacks.set_last(["class_path"], lambda path, name: "Timer")
    assert callbacks.entries[1] == normal("Timer")


def test_a_flag_for_one_argument_finds_or_adds_its_callback() -> None:
    callbacks = listed(STOP)
    callbacks.set("EarlyStopping", ["patience"], lambda *_: 2)
    callbacks.set("LearningRateMonitor", ["log_momentum"], lambda *_: True)
    assert arguments(callbacks) == [{"monitor": "a", "patience": 2}, {"log_momentum": True}]


def test_a_files_filter_replaces_the_one_below() -> None:
    callbacks = listed({"class_path": "EMA", "filter": {"once": 25}, "decay": 0.9})
    callbacks.apply({"EMA": {"filter": {"every": 3}}}, "over.yaml")
    assert arguments(callbacks) == [{"decay": 0.9, "filter": {"every": 3}}]


def test_a_class_by_another_name_drops_the_arguments_below() -> None:
    step = {"class_path": "Exponential", "init_args": {"start": 1.0, "gamma": 0.5}}
    callbacks = listed({"class_path": "ParamScheduler", "schedule": step})
    callbacks.apply({"ParamScheduler": {"schedule": {"class_path": "Exponential"}}}, "a.yaml")
    full = {**step, "class_path": "lightning_kit.schedules.Exponential"}
    assert arguments(callbacks) == [{"schedule": full}]
    callbacks.apply({"ParamScheduler": {"schedule": "Cosine"}}, "a.yaml")
    assert arguments(callbacks) == [{"schedule": {"class_path": "lightning_kit.schedules.Cosine"}}]


def test_timer_gets_a_default_that_can_be_written_down() -> None:
    assert normal("Timer")["init_args"] == {"interval": "step"}


@pytest.mark.parametrize(
    ("mapping", "line"),
    [
        ({"EarlyStoping": {"patience": 1}}, "EarlyStoping: no such callback: did you mean EarlyS"),
        ({"stopper": {}}, "stopper: no such callback; a name of your own needs a class_path"),
        ({"Timer": None}, "callbacks.Timer: there is none to remove"),
        ({"EarlyStopping": 3}, "must be a mapping of arguments, {} or null, got 3"),
        (["EarlyStopping"], "callbacks must be a mapping of class names to arguments"),
        ({"EarlyStopping#x": {}}, "a number from 1 must follow '#'"),
        ({"x": {"class_path": "no.Such"}}, "no.Such: cannot be imported"),
    ],
)
def test_mistakes_get_one_line(mapping: Any, line: str) -> None:
    with pytest.raises(InputError, match=line):
        listed(STOP).apply(mapping, "over.yaml")


def test_there_must_be_one_to_change() -> None:
    with pytest.raises(InputError, match="there is no callback to change"):
        Callbacks().set_last(["x"], lambda *_: 1)
    with pytest.raises(InputError, match="say --trainer.callbacks.ARGUMENT"):
        listed(STOP).set_last([], lambda *_: 1)
