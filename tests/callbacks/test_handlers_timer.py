"""Every hook of a fit is counted; the fit itself is none the wiser."""

import csv
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from pytorch_lightning.callbacks import EarlyStopping

from lightning_kit.callbacks import ExceptionPolicy, HandlersTimer
from lightning_kit.callbacks.timed_hooks import HOOKS
from lightning_kit.meters import EventFilter


class Ear(pl.Callback):
    """Asks the timer while it runs."""

    def __init__(self, timer: HandlersTimer) -> None:
        self.timer = timer
        self.counts: list[int] = []

    def on_train_batch_start(self, *args: Any) -> None:
        self.counts.append(counts(self.timer).get(("Ear", "on_train_batch_start"), 0))

    def on_exception(self, *args: Any) -> None: ...

    def teardown(self, *args: Any, **options: Any) -> None: ...


def counts(timer: HandlersTimer) -> dict[tuple[str, str], int]:
    return {(row["callback"], row["hook"]): row["count"] for row in timer.results()}


def hooks(callback: pl.Callback) -> set[str]:
    return set(HOOKS) & set(vars(callback))


def fit(*parts: pl.Callback, module: PlainModule | None = None, **options: Any) -> PlainModule:
    torch.manual_seed(0)
    module = module or PlainModule(dropout=0.5)
    trainer = pl.Trainer(**{**QUIET, "max_epochs": 2, "callbacks": list(parts), **options})
    trainer.fit(module, PlainData())
    return module


def test_every_hook_is_counted_also_while_running(capsys: pytest.CaptureFixture[str]) -> None:
    timer = HandlersTimer()
    ear = Ear(timer)
    stopping = EarlyStopping("val/loss", check_on_train_epoch_end=False)
    fit(timer, ear, stopping)
    found = counts(timer)
    assert found["Ear", "on_train_batch_start"] == 10
    # Twice after an epoch; in the sanity check the callback is asked as well.
    assert found["EarlyStopping", "on_validation_end"] == 3
    assert ear.counts == list(range(10))
    assert not any(callback == "HandlersTimer" for callback, _ in found)
    assert not hooks(ear) | hooks(stopping)
    output = capsys.readouterr().out
    assert "Time in callbacks" in output
    assert "on_train_batch_start" in output


def test_a_fit_is_the_same_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    timed = fit(HandlersTimer(table=False), EarlyStopping("val/loss"))
    plain = fit(EarlyStopping("val/loss"))
    torch.testing.assert_close(timed.state_dict(), plain.state_dict(), rtol=0, atol=0)
    assert "Time in callbacks" not in capsys.readouterr().out


def test_each_fit_begins_anew() -> None:
    timer = HandlersTimer(table=False)
    for _ in range(2):
        fit(timer, Ear(timer), max_epochs=1)
    assert counts(timer)["Ear", "on_train_batch_start"] == 5


def test_after_an_exception_all_is_given_back_and_written(tmp_path: Path) -> None:
    path = tmp_path / "times.csv"
    timer = HandlersTimer(str(path), table=False)
    ear = Ear(timer)
    with pytest.raises(RuntimeError, match="cursed"):
        fit(timer, ear, module=PlainModule(fail_at=3))
    assert not hooks(ear)
    with path.open() as file:
        found = {row["hook"]: row["count"] for row in csv.DictReader(file)}
    assert found["on_train_batch_start"] == "4"


@pytest.mark.parametrize("timer_first", [True, False])
def test_beside_a_policy_of_exceptions_nothing_is_left_behind(timer_first: bool) -> None:
    """Both wrap ``on_exception``, and both let go in the order of the list."""

    class Hears(pl.Callback):
        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None: ...

    hears = Hears()
    parts = [HandlersTimer(table=False), ExceptionPolicy([])]
    fit(*(parts if timer_first else parts[::-1]), hears)
    assert hooks(hears) == set()
    assert all(hooks(part) == set() for part in parts)


def test_the_file_is_there_while_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "times.csv"

    class Reader(pl.Callback):
        seen: list[bool] = []  # noqa: RUF012 - for the test to read

        def on_train_batch_start(self, *args: Any) -> None:
            self.seen.append(path.exists())

    fit(HandlersTimer(str(path), table=False, filter=EventFilter(every=3)), Reader(), max_epochs=1)
    assert Reader.seen == [False, False, False, True, True]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="filter has no effect without path"):
        HandlersTimer(filter=EventFilter(every=3))
    with pytest.raises(ValueError, match="path must be a file .*got /proc/nope/t.csv: /proc"):
        HandlersTimer("/proc/nope/t.csv")
    with pytest.raises(ValueError, match="path must be a file .*got /proc/nope/t.csv: /proc"):
        fit(HandlersTimer("t.csv"), default_root_dir="/proc/nope")
    with pytest.raises(ValueError, match="one HandlersTimer is enough, got 2"):
        fit(HandlersTimer(), HandlersTimer())


def test_a_relative_file_is_below_the_trainers_root(tmp_path: Path) -> None:
    fit(HandlersTimer("times/t.csv", table=False), max_epochs=1, default_root_dir=tmp_path / "root")
    assert (tmp_path / "root" / "times" / "t.csv").is_file()
    assert not Path("times").exists()
