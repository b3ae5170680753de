import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import Run

from lightning_kit.runs.directory import RunDirectory


@pytest.fixture
def run(kit: Run, recipe: str) -> RunDirectory:
    assert kit("fit", "-c", recipe) == 0
    return RunDirectory.latest("small")


def changed(run: RunDirectory, **fields: Any) -> None:
    record = {**json.loads(run.record_path.read_text()), **fields}
    run.record_path.write_text(json.dumps(record))


def test_a_run_is_the_same_again_to_the_bit(
    kit: Run, run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(run.path.rglob("*"))
    assert kit("reproduce", "runs/small/latest") == 0
    output = capsys.readouterr().out
    assert "metrics.csv: all " in output
    assert "best weights: all 2 are the same, bit for bit" in output
    assert RunDirectory.latest("small") == run
    assert sorted(run.path.rglob("*")) == before
    runs = [path for path in run.path.parent.iterdir() if not path.is_symlink()]
    assert len(runs) == 2


def test_it_lands_beside_the_run_from_anywhere(
    kit: Run, run: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert kit("reproduce", str(run.path)) == 0
    assert len(list(run.path.parent.glob("2*"))) == 2
    assert not Path("runs").exists()


def test_other_weights_end_with_code_3_and_a_reason(
    kit: Run, run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    best = run.best()
    content = torch.load(best, weights_only=True)
    content["state_dict"]["net.1.bias"] += 0.5
    torch.save(content, best)
    changed(run, versions={**run.record().versions, "torch": "2.0.0"})
    assert kit("reproduce", str(run.path)) == 3
    output = capsys.readouterr().out
    assert "best weights: 1 of 2 differ, by 0.5 at most (net.1.bias)" in output
    assert f"why: torch 2.0.0 -> {torch.__version__}" in output


def test_without_a_known_reason_it_says_so(
    kit: Run, run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = run.path / "metrics.csv"
    head, *lines = metrics.read_text().splitlines()
    metrics.write_text("\n".join([head, *lines[:-1]]) + "\n")
    assert kit("reproduce", str(run.path)) == 3
    output = capsys.readouterr().out
    assert "why: versions, commit and host are the same, so its config.yaml, its data" in output


def test_data_that_was_changed_is_the_reason(
    kit: Run, plain_recipe: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    data = "lightning_kit.datamodules.ArrayDataModule"
    plain_recipe["data"] = {"class_path": data, "init_args": {"path": "rows.npz"}}
    Path("array.yaml").write_text(json.dumps(plain_recipe))
    input, target = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
    np.savez("rows.npz", input=input, target=target)
    assert kit("fit", "-c", "array.yaml") == 0
    np.savez("rows.npz", input=input + 1, target=target)
    assert kit("reproduce", "runs/array/latest") == 3
    assert "why: data of ArrayDataModule: content " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "takes one run directory and no flags, got nothing"),
        (("a", "b"), "got a b"),
        (("a", "--trainer.max_epochs", "3"), "no flags"),
        (("nowhere",), "nowhere is not a run directory"),
    ],
)
def test_wrong_words_are_one_line(
    kit: Run, args: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kit("reproduce", *args) == 2
    assert message in capsys.readouterr().err


def test_a_run_that_did_not_end_is_refused(
    kit: Run, run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(run, status="preempted", stop_reason="SIGTERM", exit_code=75)
    assert kit("reproduce", str(run.path)) == 2
    assert (
        "must be a run that came to its end, it is preempted (SIGTERM)" in capsys.readouterr().err
    )


def test_help(kit: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert kit("reproduce", "--help") == 0
    assert "usage: lightning-kit reproduce" in capsys.readouterr().out
