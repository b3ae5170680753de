"""The table at the end of a fit, and the next command."""

from pathlib import Path
from typing import Any

import pytest

from lightning_kit.cli.summary import print_next, print_summary, shown_path
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.record import RunRecord


@pytest.mark.parametrize(
    ("status", "reason", "verb"),
    [
        ("finished", "", "test"),
        ("stopped", "val/loss did not improve", "test"),
        ("stopped", "Ctrl-C", "fit"),
        ("preempted", "SIGTERM", "fit"),
    ],
)
def test_the_table(capsys: Any, status: Any, reason: str, verb: str) -> None:
    run = RunDirectory.create("small")
    best = {"monitor": "val/loss", "score": 0.123456, "epoch": 3}
    record = RunRecord("small", status=status, stop_reason=reason, best=best, epoch=9, seconds=1.25)
    record.last = "checkpoints/a.ckpt"
    print_summary(run, record)
    print_next(run, record)
    shown = capsys.readouterr().out
    for part in (f"small: {status}", "val/loss 0.1235", "3 of 9", "1.2", run.path.name, reason):
        assert part in shown
    assert shown.splitlines()[-1] == f"next: lightning-kit {verb} runs/small/{run.path.name}"


def test_without_a_best(capsys: Any) -> None:
    run, record = RunDirectory.create("small"), RunRecord("small", status="finished", epoch=4)
    print_summary(run, record)
    assert "epochs" in capsys.readouterr().out
    print_next(run, record)
    assert capsys.readouterr().out == "", "nothing to go on with"
    record.last = "checkpoints/a.ckpt"
    print_next(run, record)
    assert capsys.readouterr().out.endswith(" --ckpt_path last\n")


def test_a_failed_run_is_not_tried_again(capsys: Any) -> None:
    run, record = RunDirectory.create("small"), RunRecord("small", status="failed", epoch=4)
    record.last = "checkpoints/a.ckpt"
    print_next(run, record)
    assert capsys.readouterr().out == ""


def test_paths_are_short_where_they_can_be() -> None:
    assert shown_path(Path("runs/a").absolute()) == "runs/a"
    assert shown_path(Path("/elsewhere")) == "/elsewhere"
