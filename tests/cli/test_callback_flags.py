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
