"""Flags change callbacks, and their texts become values of the arguments' types."""

from typing import Any

import pytest

from lightning_kit.cli.callback_flags import applied
from lightning_kit.cli.callbacks import Callbacks
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import split


def after(*args: str) -> tuple[list[Any], list[str]]:
    callbacks = Callbacks()
    callbacks.replace(["ModelCheckpoint", {"class_path": "EarlyStopping", "monitor": "a"}], "file")
    rest = applied(callbacks, list(split(list(args))))
    return [c["init_args"] for c in callbacks.entries], [w for flag in rest for w in flag.words()]


@pytest.mark.parametrize(
    ("argument", "text", "value"),
    [
        ("filename", "0123", "0123"),
        ("filename", "12", "12"),
        ("save_top_k", "2", 2),
        ("dirpath", "null", None),
        ("save_last", "link", "link"),
        ("save_last", "true", True),
    ],
)
def test_texts_take_their_arguments_type(argument: str, text: str, value: Any) -> None:
    arguments, _ = after(f"--callbacks.ModelCheckpoint.{argument}={text}")
    assert arguments[0] == {argument: value}
    added, _ = after(
        "--trainer.callbacks+=ModelCheckpoint", f"--trainer.callbacks.{argument}={text}"
    )
    assert added[-1] == {argument: value}


def test_one_name_takes_many_flags_and_the_rest_is_left() -> None:
    flags = ["--callbacks.EarlyStopping.patience=1", "--callbacks.EarlyStopping.min_delta=1e-3"]
    arguments, rest = after(*flags, "--model.lr=1", "--callbacks.Timer={}")
    assert arguments[1] == {"monitor": "a", "patience": 1, "min_delta": 1e-3}
    assert arguments[2] == {"interval": "step"}
    assert rest == ["--model.lr=1"]


def test_null_removes_and_a_list_replaces() -> None:
    assert len(after("--callbacks.EarlyStopping=null")[0]) == 1
    assert after("--trainer.callbacks=[Timer]")[0] == [{"interval": "step"}]


def test_a_mapping_merges_as_a_files_does_and_a_text_in_braces_is_none() -> None:
    callbacks = Callbacks()
    scheduler = "GradientAccumulationScheduler"
    callbacks.replace([{"class_path": scheduler, "scheduling": {2: 4}}, "ModelCheckpoint"], "file")
    flags = [f"--callbacks.{scheduler}.scheduling={{5: 8}}"]
    applied(callbacks, list(split([*flags, "--callbacks.ModelCheckpoint.filename={epoch}"])))
    assert callbacks.entries[0]["init_args"] == {"scheduling": {2: 4, 5: 8}}
    assert callbacks.entries[1]["init_args"] == {"filename": "{epoch}"}


SCHEDULES = "lightning_kit.schedules"
COSINE = {"start": 0.01, "end": 0.0, "cycle_size": 60}


def scheduled(*args: str) -> Any:
    """Return the schedule that flags make of a recipe's Cosine."""
    callbacks = Callbacks()
    below = {"class_path": "Cosine", "init_args": COSINE}
    callbacks.replace([{"class_path": "ParamScheduler", "schedule": below}], "file")
    applied(callbacks, list(split([f"--callbacks.ParamScheduler.{arg}" for arg in args])))
    return callbacks.entries[0]["init_args"]["schedule"]


@pytest.mark.parametrize("name", ["Exponential", f"{SCHEDULES}.Exponential"])
@pytest.mark.parametrize("key", ["schedule", "schedule.class_path", "init_args.schedule"])
def test_a_class_drops_what_is_below_and_takes_its_own_arguments(name: str, key: str) -> None:
    named = f"{key}={name}"
    start, gamma = "schedule.start=0.1", "init_args.schedule.init_args.gamma=0.9"
    arguments = {"start": 0.1, "gamma": 0.9}
    changed = {"class_path": f"{SCHEDULES}.Exponential", "init_args": arguments}
    # The class comes before its arguments wherever it stands on the line.
    for flags in ((named, start, gamma), (start, named, gamma), (start, gamma, named)):
        assert scheduled(*flags) == changed
    assert scheduled(f"schedule={{class_path: {name}, init_args: {arguments}}}") == changed
    assert scheduled(f"schedule={{class_path: {name}, init_args: {{start: 3}}}}", start, gamma) == (
        changed
    )
    assert scheduled(named) == {"class_path": f"{SCHEDULES}.Exponential"}


def test_the_same_class_keeps_what_is_below() -> None:
    for flags in (["schedule=Cosine"], []):
        kept = {"class_path": f"{SCHEDULES}.Cosine", "init_args": {**COSINE, "start": 0.1}}
        assert scheduled(*flags, "schedule.start=0.1") == kept


def test_the_later_of_two_classes_wins() -> None:
    linear = f"{SCHEDULES}.Linear"
    for flags in (
        ["schedule=Exponential", "schedule.start=1", "schedule=Linear"],
        ["schedule={class_path: Exponential, init_args: {gamma: 1}}", "schedule=Linear",
         "schedule.start=1"],
    ):  # fmt: skip
        assert scheduled(*flags) == {"class_path": linear, "init_args": {"start": 1}}


def test_flags_alone_make_a_class_in_a_class() -> None:
    arguments, _ = after(
        "--callbacks.ParamScheduler.schedule.then.start=0.1",
        "--callbacks.ParamScheduler.schedule.then=Cosine",
        "--callbacks.ParamScheduler.schedule=Warmup",
        "--trainer.callbacks.target=optimizer.lr",
        "--trainer.callbacks.schedule.duration=3",
    )
    then = {"class_path": f"{SCHEDULES}.Cosine", "init_args": {"start": 0.1}}
    schedule = {"class_path": f"{SCHEDULES}.Warmup", "init_args": {"then": then, "duration": 3}}
    assert arguments[-1] == {"schedule": schedule, "target": "optimizer.lr"}


def test_texts_take_the_type_of_an_inner_classs_argument() -> None:
    arguments, _ = after(
        "--callbacks.OnEvent.action=StopTraining", "--callbacks.OnEvent.action.reason=12"
    )
    path = "lightning_kit.callbacks.actions.StopTraining"
    assert arguments[-1] == {"action": {"class_path": path, "init_args": {"reason": "12"}}}


def test_a_filter_given_whole_replaces_and_one_condition_of_it_merges() -> None:
    one = "--callbacks.EMA.filter.every=3"
    whole = "--callbacks.EMA.filter={every: 3}"
    callbacks = Callbacks()
    for below, flags, expected in (
        ({"after": 160}, [one], {"after": 160, "every": 3}),
        ({"after": 160}, [whole], {"every": 3}),
        ({"once": 25}, [whole], {"every": 3}),
        ({"once": 25}, ["--callbacks.EMA={filter: {every: 3}}"], {"every": 3}),
        (None, [one], {"every": 3}),
        ({}, [whole, "--callbacks.EMA.filter.after=2"], {"every": 3, "after": 2}),
        ({}, ["--callbacks.EMA.filter.after=2", whole], {"every": 3}),
    ):
        callbacks.replace([{"class_path": "EMA", "filter": below}], "file")
        applied(callbacks, list(split(flags)))
        assert callbacks.entries[0]["init_args"] == {"filter": expected}


@pytest.mark.parametrize(
    "high",
    ["--callbacks={EarlyStopping: {patience: 3}}", "--callbacks.EarlyStopping.patience=3",
     "--callbacks={EarlyStopping: {init_args: {patience: 3}}}",
     "--callbacks.EarlyStopping={patience: 3}",
     "--callbacks.EarlyStopping.init_args.patience=3",
     "--trainer.callbacks=[{class_path: ModelCheckpoint}, "
     "{class_path: EarlyStopping, monitor: a, patience: 3}]"],
)  # fmt: skip
@pytest.mark.parametrize(
    "low",
    ["--callbacks={EarlyStopping: {patience: 9}}", "--callbacks.EarlyStopping.patience=9",
     "--callbacks.EarlyStopping={class_path: EarlyStopping, patience: 9}",
     "--callbacks.EarlyStopping.init_args.patience=9"],
)  # fmt: skip
def test_the_later_flag_wins_whatever_its_form(low: str, high: str) -> None:
    assert after(low, high)[0][1] == {"monitor": "a", "patience": 3}


def test_a_mapping_keeps_what_earlier_flags_say_of_other_arguments() -> None:
    arguments, _ = after("--callbacks.EarlyStopping.min_delta=1", "--callbacks.EarlyStopping={}")
    assert arguments[1] == {"monitor": "a", "min_delta": 1}


@pytest.mark.parametrize(
    "flag", ["--callbacks.EarlyStopping.patience", "--trainer.callbacks.patience"]
)
def test_a_flag_without_its_value_is_refused(flag: str) -> None:
    with pytest.raises(InputError, match=f"{flag}: a value must follow"):
        after(flag)
    with pytest.raises(InputError, match="must be a mapping of class names, got 'x'"):
        after("--callbacks=x")


def test_an_argument_of_a_schedule_without_a_class_names_the_flag_and_the_classes() -> None:
    flags = list(split(["--callbacks.ParamScheduler.schedule.start", "0.1"]))
    told = r"schedule.start: .*: say --callbacks.ParamScheduler.schedule CLASS too, one of .*Linear"
    with pytest.raises(InputError, match=told):
        applied(Callbacks(), flags)
    named = [*flags, *split(["--callbacks.ParamScheduler.schedule", "Linear"])]
    callbacks = Callbacks()
    assert applied(callbacks, named) == []
    assert callbacks.entries[0]["init_args"]["schedule"]["init_args"] == {"start": 0.1}
