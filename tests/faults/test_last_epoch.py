"""A signal after the last training batch: record, exit code and the next command agree."""

import csv
import shlex
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

from lightning_kit.runs.directory import RunDirectory

pytestmark = [
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
]
LEAN = pytest.mark.parametrize("lean", ["true", "false"])


def signalled(where: str, name: str = "SIGTERM", epoch: int = 2) -> tuple[str, ...]:
    key = "--callbacks.Terminated"
    return (
        f"{key}.class_path", "programs.terminated.Terminated", f"{key}.where", where,
        f"{key}.name", name, f"{key}.epoch", str(epoch),
    )  # fmt: skip


def next_command(capsys: Any) -> list[str]:
    (line,) = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("next: lightning")
    ]
    return shlex.split(line)[2:]


def losses(run: RunDirectory) -> list[tuple[str, str]]:
    rows = csv.DictReader((run.path / "metrics.csv").read_text().splitlines())
    return [(row["epoch"], row["val/loss"]) for row in rows if row.get("val/loss")]


@LEAN
@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("on_validation_end", "SIGTERM after training"),
        ("on_train_epoch_end", "SIGTERM after training"),
        ("on_train_end", ""),
        ("on_fit_end", "SIGTERM after training"),
        ("teardown", "SIGTERM after training"),
    ],
)
def test_sigterm_after_the_last_validation_finds_the_run_finished(
    kit: Run, recipe: str, capsys: Any, where: str, reason: str, lean: str
) -> None:
    assert kit("fit", "-c", recipe, "--lean", lean, *signalled(where)) == 0
    run = RunDirectory.latest("small")
    record = run.record()
    assert (record.status, record.stop_reason, record.exit_code) == ("finished", reason, 0)
    assert record.epoch == 2
    assert record.best is not None
    assert record.best["epoch"] == 2
    assert not (run.path / "checkpoints/interrupted.ckpt").exists()
    command = next_command(capsys)
    assert command[0] == "test"
    assert kit(*command) == 0


@LEAN
@pytest.mark.parametrize("limit", [(), ("--trainer.max_epochs", "-1", "--trainer.max_steps", "10")])
def test_a_cut_validation_is_all_that_a_resume_does(
    kit: Run, recipe: str, capsys: Any, limit: tuple[str, ...], lean: str
) -> None:
    assert kit("fit", "-c", recipe, *limit) == 0
    whole = RunDirectory.latest("small")
    cut = signalled("on_validation_batch_end")
    capsys.readouterr()
    assert kit("fit", "-c", recipe, "--lean", lean, *limit, *cut) == 75
    assert RunDirectory.latest("small").record().ending == "preempted (SIGTERM)"
    command = next_command(capsys)
    assert command[0] == "fit"
    assert kit(*command, "--callbacks.Terminated", "null") == 0
    resumed = RunDirectory.latest("small")
    record = resumed.record()
    assert (record.status, record.epoch) == ("finished", 2)
    assert losses(resumed) == losses(whole)[-1:]
    assert record.best is not None
    assert whole.record().best is not None
    assert record.best["score"] == whole.record().best["score"]  # type: ignore[index]
    assert record.best["epoch"] == 2


def test_a_validation_cut_earlier_is_made_again_too(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", "-c", recipe) == 0
    whole = RunDirectory.latest("small")
    capsys.readouterr()
    assert kit("fit", "-c", recipe, *signalled("on_validation_batch_end", epoch=1)) == 75
    assert kit(*next_command(capsys), "--callbacks.Terminated", "null") == 0
    assert losses(RunDirectory.latest("small")) == losses(whole)


def test_sigterm_after_an_early_stop_leaves_it_stopped(kit: Run, recipe: str, capsys: Any) -> None:
    stop = ("--callbacks.EarlyStopping.patience", "1", "--callbacks.EarlyStopping.min_delta", "99")
    flags = (*stop, "--trainer.max_epochs", "9", *signalled("on_train_epoch_end"))
    assert kit("fit", "-c", recipe, *flags) == 0
    record = RunDirectory.latest("small").record()
    assert (record.status, record.exit_code) == ("stopped", 0)
    assert record.stop_reason.endswith("; SIGTERM after training")
    assert "did not improve" in record.stop_reason
    assert next_command(capsys)[0] == "test"


def test_a_last_epoch_that_cannot_be_saved_is_trained_again(
    kit: Run, recipe: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lightning_kit.runs.recorder.save_rank_local", lambda *_: False)
    flags = ("--callbacks.ModelCheckpoint.mode", "max", *signalled("on_validation_end"))
    assert kit("fit", "-c", recipe, *flags) == 75
    assert RunDirectory.latest("small").record().ending == "preempted (SIGTERM)"
    assert kit(*next_command(capsys), "--callbacks.Terminated", "null") == 0
    assert RunDirectory.latest("small").record().epoch == 2


def test_one_that_no_callback_saved_is_saved(kit: Run, recipe: str, capsys: Any) -> None:
    flags = ("--callbacks.ModelCheckpoint.mode", "max", *signalled("on_validation_end"))
    assert kit("fit", "-c", recipe, *flags) == 0
    record = RunDirectory.latest("small").record()
    assert (record.status, record.last) == ("finished", "checkpoints/interrupted.ckpt")
    assert kit(*next_command(capsys)) == 0


def test_ctrl_c_after_the_work_offers_what_can_be_done(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", "-c", recipe, *signalled("on_fit_end", "SIGINT")) == 130
    record = RunDirectory.latest("small").record()
    assert record.ending == "stopped (Ctrl-C after training)"
    command = next_command(capsys)
    assert command[0] == "test"
    assert kit(*command) == 0
    assert Path(command[1]).is_dir()
