"""A run's record names files that a run can go on from, whatever its callbacks save."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from conftest import Run

from lightning_kit.runs.directory import RunDirectory

MONITORED = {"monitor": "val/loss", "save_top_k": 2}


def run(kit: Run, recipe: dict[str, Any], *arguments: dict[str, Any]) -> RunDirectory:
    recipe["trainer"]["callbacks"] = [
        {"class_path": "lightning_kit.callbacks.ModelCheckpoint", "init_args": each}
        for each in arguments
    ]
    Path("kept.yaml").write_text(yaml.safe_dump(recipe))
    assert kit("fit", "-c", "kept.yaml") == 0
    return RunDirectory.latest("kept")


def test_parts_of_a_model_are_neither_the_best_nor_the_last(
    kit: Run, plain_recipe: dict[str, Any]
) -> None:
    # The parts come last and have a monitor of their own.
    parts = {"modules": ["net"], "monitor": "train/loss", "filename_style": "ignite"}
    found = run(kit, plain_recipe, MONITORED, parts)
    assert found.best().suffix == found.last().suffix == ".ckpt"
    best = found.record().best
    assert best is not None
    assert best["monitor"] == "val/loss"
    assert len(list(found.checkpoints.glob("net_*.pt"))) == 1
    assert kit("test", str(found.path)) == 0


@pytest.mark.parametrize(
    ("arguments", "is_scored"),
    [
        ({"keep_last": 2}, False),
        ({"preset": "ignite"}, False),
        ({**MONITORED, "latest_on_tie": True, "filename_style": "ignite"}, True),
        ({"score_function": "programs.scoring.minus_last_loss", "mode": "max"}, True),
        ({"keep_last": 1, "every_n_train_steps": 1, "filter": {"every": 5}}, False),
    ],
)
def test_best_and_last_are_found_and_can_be_gone_on_from(
    kit: Run, plain_recipe: dict[str, Any], arguments: dict[str, Any], is_scored: bool
) -> None:
    found = run(kit, plain_recipe, arguments)
    record = found.record()
    assert (record.best is not None) is is_scored
    if is_scored:
        assert found.best().is_file()
    assert found.last().is_file()
    assert kit("fit", str(found.path), "--trainer.max_epochs", "3") == 0


def test_a_run_that_stopped_early_goes_on_from_its_last_epoch(
    kit: Run, plain_recipe: dict[str, Any]
) -> None:
    # The loss falls: its highest is the first, and no gain is large enough to go on for.
    saved = {"monitor": "val/loss", "mode": "max", "filename": "best", "save_last": True}
    stopped = {"monitor": "val/loss", "patience": 2, "min_delta": 10.0}
    plain_recipe["trainer"]["max_epochs"] = 9
    plain_recipe["trainer"]["callbacks"] = [
        {"class_path": "lightning_kit.callbacks.ModelCheckpoint", "init_args": saved},
        {"class_path": "lightning_kit.callbacks.EarlyStopping", "init_args": stopped},
    ]
    Path("kept.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "kept.yaml") == 0
    found = RunDirectory.latest("kept")
    record = found.record()
    assert (record.status, record.epoch) == ("stopped", 3)
    assert record.best is not None
    assert record.best["epoch"] == 1
    assert found.last().name == "last.ckpt"
    assert torch.load(found.last(), weights_only=True)["epoch"] + 1 == 3
    assert kit("fit", str(found.path), "--callbacks.EarlyStopping.patience", "4") == 0
    again = RunDirectory.latest("kept")
    assert again.record().epoch == 5
    lines = (again.path / "metrics.csv").read_text().splitlines()
    assert {int(line.split(",")[0]) for line in lines[1:]} == {3, 4}


LAST_OF_TIES = {"monitor": "val/loss", "latest_on_tie": True}


@pytest.mark.parametrize(
    ("arguments", "epoch"),
    [
        (LAST_OF_TIES, 3),
        ({**LAST_OF_TIES, "save_top_k": 2}, 3),
        ({**LAST_OF_TIES, "filename": "best"}, 3),
        ({**LAST_OF_TIES, "filename": "best", "save_top_k": 2}, 3),
        ({"monitor": "val/loss"}, 1),
        ({"monitor": "val/loss", "save_top_k": 2}, 1),
        # Each epoch writes over the one before, so the file is always the last.
        ({**MONITORED, "filename": "best", "save_top_k": -1, "enable_version_counter": False}, 3),
    ],
)
def test_of_equal_scores_the_record_names_the_one_that_the_callback_keeps(
    kit: Run, plain_recipe: dict[str, Any], arguments: dict[str, Any], epoch: int
) -> None:
    plain_recipe["model"]["init_args"] = {"lr": 0.0}
    plain_recipe["trainer"]["max_epochs"] = 3
    found = run(kit, plain_recipe, arguments)
    best = found.record().best
    assert best is not None
    assert best["epoch"] == epoch
    assert torch.load(found.best(), weights_only=True)["epoch"] + 1 == epoch
    assert kit("test", str(found.path)) == 0


@pytest.mark.parametrize("latest_on_tie", [False, True])
def test_a_score_equal_to_the_one_before_a_resume_wins_where_ties_do(
    kit: Run, plain_recipe: dict[str, Any], latest_on_tie: bool
) -> None:
    plain_recipe["model"]["init_args"] = {"lr": 0.0}
    first = run(kit, plain_recipe, {**LAST_OF_TIES, "latest_on_tie": latest_on_tie})
    assert kit("fit", str(first.path), "--trainer.max_epochs", "3") == 0
    second = RunDirectory.latest("kept")
    assert second.best().is_relative_to(second.path if latest_on_tie else first.path)
    best = second.record().best
    assert best is not None
    assert best["epoch"] == (3 if latest_on_tie else 1)
