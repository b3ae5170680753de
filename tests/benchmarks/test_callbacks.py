"""Every callback is found, built and measured; one that changes the fit is found out."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from benchmarks.callbacks import BASE, BY_HAND, LOG, Program, of_callback, row, rows
from benchmarks.harness import DifferentWork, Plan, measure
from benchmarks.programs import callback_cases
from benchmarks.programs.callback_cases import BUSY, QUIET, build, discovered
from benchmarks.programs.quiet_steps import quiet_on_lightning
from lightning_kit import callbacks


def test_every_callback_takes_the_same_steps(tmp_path: Path) -> None:
    quiet = {name: of_callback(name, QUIET) for name in discovered()}
    busy = {f"busy {name}": of_callback(name, BUSY) for name in BUSY}
    every: dict[str, Program] = {LOG: partial(quiet_on_lightning, extra=1), **quiet, **busy}
    measured = measure(row("all", every, dict.fromkeys(every), (1, 1), 4), Plan(2, folder=tmp_path))
    assert list(measured.seconds) == [BY_HAND, BASE, *every]
    assert len(measured.as_json()["ratios"]) == len(every)


class Halves(pl.Callback):
    """Take half steps."""

    def on_before_optimizer_step(self, trainer: pl.Trainer, *args: Any) -> None:
        args[1].param_groups[0]["lr"] = 5e-4


def test_a_callback_that_changes_the_weights_is_found(tmp_path: Path) -> None:
    def halving(_: Path) -> Sequence[pl.Callback]:
        return [Halves()]

    programs = {"halves": partial(quiet_on_lightning, callbacks=halving)}
    with pytest.raises(DifferentWork, match="halves and by hand end with different weights"):
        measure(row("x", programs, {"halves": None}, (1, 1), 3), Plan(1, folder=tmp_path))


def test_all_exported_callbacks_are_found() -> None:
    found = discovered()
    assert {"EMA", "EarlyStopping", "ModelCheckpoint", "OnEvent"} <= set(found)
    assert {"Rule", "Events", "fire"}.isdisjoint(found)
    assert set(QUIET) | set(BUSY) <= set(found), "a case for what is not there"


def test_one_that_needs_arguments_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"EarlyStopping needs arguments in .*callback_cases.py"):
        build("EarlyStopping", tmp_path, {})
    monkeypatch.setattr(callbacks, "__all__", ["EarlyStopping", "torch", "iteration"])
    monkeypatch.setattr(callbacks, "torch", torch, raising=False)
    assert callback_cases.discovered() == ["EarlyStopping"]


def test_the_bounds_are_those_of_a_quiet_step() -> None:
    log, quiet, busy = rows(True)
    assert [ratio.bound for ratio in log.ratios] == ["<= 0.03"]
    assert {ratio.bound for ratio in quiet.ratios} == {"<= 0.05"}
    assert len(quiet.ratios) == len(discovered())
    assert {ratio.bound for ratio in busy.ratios} == {""}
