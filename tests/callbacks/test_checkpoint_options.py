"""What ModelCheckpoint refuses when it is built, and what a preset stands for."""

from typing import Any

import pytest
import pytorch_lightning as pl
import yaml
from conftest import Run

from lightning_kit.callbacks.model_checkpoint import ModelCheckpoint
from lightning_kit.meters import EventFilter


def score(trainer: pl.Trainer, pl_module: pl.LightningModule) -> float:
    return 0.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"keep_last": 0}, "keep_last must be at least 1, got 0"),
        ({"keep_last": 2, "monitor": "loss"}, "keep_last keeps the newest .* monitor='loss'"),
        ({"keep_last": 2, "save_top_k": 1}, "save_top_k=1 asks for the best"),
        ({"keep_last": 2, "mode": "max"}, "mode='max' asks for the best"),
        ({"keep_last": 2, "score_function": score}, "asks for the best"),
        ({"latest_on_tie": True}, "latest_on_tie has no effect without a score"),
        ({"latest_on_tie": True, "monitor": "loss", "save_top_k": -1}, "with save_top_k=-1"),
        ({"latest_on_tie": True, "monitor": "loss", "save_top_k": 0}, "with save_top_k=0"),
        ({"monitor": "loss", "score_function": score}, "both give a score: leave one out"),
        ({"score_name": "f1"}, "score_name has no effect without a score"),
        ({"score_name": "f1", "monitor": "loss"}, "score_name has no effect beside monitor"),
        ({"filename_style": "ignite", "filename": "x"}, "both name: leave one out"),
        ({"filename_style": "torch"}, "filename_style must be 'lightning' or 'ignite'"),
        ({"filename_style": "ignite", "auto_insert_metric_name": False}, "auto_insert"),
        ({"filename_prefix": "best"}, "filename_prefix has no effect"),
        ({"modules": []}, r"modules must name at least one submodule, each once, got \[\]"),
        ({"modules": ["net", "net"]}, "each once"),
        ({"modules": [""]}, "at least one submodule"),
        ({"modules": ["net"], "save_weights_only": True}, "save_weights_only has no effect"),
        ({"filter": EventFilter(every=2), "save_top_k": 0}, "filter has no effect"),
        ({"preset": "keras"}, "preset must be 'ignite' or left out, got 'keras'"),
    ],
)
def test_what_contradicts_or_does_nothing_is_refused(arguments: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ModelCheckpoint(**arguments)


def test_what_is_given_wins_over_the_preset() -> None:
    kept = ModelCheckpoint(preset="ignite", keep_last=3)
    assert (kept.keep_last, kept.filename_style) == (3, "ignite")
    scored = ModelCheckpoint(preset="ignite", monitor="loss", mode="min", filename="{epoch}")
    assert (scored.mode, scored.filename_style, scored.save_top_k) == ("min", "lightning", 1)
    every = ModelCheckpoint(preset="ignite", save_top_k=-1)
    assert (every.keep_last, every.save_top_k) == (None, -1)


@pytest.mark.parametrize(
    ("init_args", "said"),
    [
        ({"keep_last": 2, "monitor": "val/loss"}, "keep_last keeps the newest"),
        ({"dirpath": "small.yaml/below"}, "dirpath must be a folder that can be written to"),
        ({"dirpath": "/proc/kit"}, "dirpath must be a folder that can be written to"),
        ({"modules": ["nett"]}, "modules must name submodules of PlainModule, got 'nett'"),
    ],
)
def test_the_command_line_says_it_in_one_line(
    kit: Run, plain_recipe: dict[str, Any], capsys: Any, init_args: dict[str, Any], said: str
) -> None:
    plain_recipe["trainer"]["callbacks"] = [
        {"class_path": "lightning_kit.callbacks.ModelCheckpoint", "init_args": init_args}
    ]
    with open("small.yaml", "w") as file:
        yaml.safe_dump(plain_recipe, file)
    assert kit("fit", "-c", "small.yaml") == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
