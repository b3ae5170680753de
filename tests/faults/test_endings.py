"""Real processes, real signals: ``run.json`` and the exit code say how a run ended."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from lightning_kit.runs.directory import RunDirectory

TESTS = Path(__file__).parents[1]


def start(recipe: dict[str, Any], *args: str) -> subprocess.Popen[str]:
    Path("run.yaml").write_text(yaml.safe_dump(recipe))
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "lightning_kit", "fit", "-c", "run.yaml", *args],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def record() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("runs/run/latest/run.json").read_text())
    return found


def wait_for_best(process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if record()["best"]:
                return
        except FileNotFoundError:
            pass
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"no best score within 90 s: {process.communicate()[0]}")


@pytest.fixture
def slow(plain_recipe: dict[str, Any]) -> dict[str, Any]:
    plain_recipe["model"] = {"class_path": "programs.faulty.SlowModule"}
    plain_recipe["trainer"]["max_epochs"] = 200
    return plain_recipe


@pytest.mark.parametrize(
    ("sent", "code", "status", "reason"),
    [
        (signal.SIGINT, 130, "stopped", "Ctrl-C"),
        (signal.SIGTERM, 75, "preempted", "SIGTERM"),
    ],
)
def test_a_signal_saves_and_ends(
    slow: dict[str, Any], sent: int, code: int, status: str, reason: str
) -> None:
    process = start(slow)
    wait_for_best(process)
    process.send_signal(sent)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    found = record()
    assert (found["status"], found["stop_reason"], found["exit_code"]) == (status, reason, code)
    assert RunDirectory.latest("run").last().name == "interrupted.ckpt"
    assert "Traceback" not in output
    assert "next: lightning-kit fit runs/run/" in output


def test_a_killed_run_reads_as_killed_and_resumes(slow: dict[str, Any]) -> None:
    process = start(slow)
    wait_for_best(process)
    process.kill()
    process.communicate()
    assert record()["status"] == "running", "the dead cannot write"
    killed = RunDirectory.latest("run")
    assert killed.record().ending == "failed (killed)"
    best = killed.record().best
    assert best is not None
    assert (killed.path / best["path"]).is_file()
    from lightning_kit.cli import main

    epochs = str(best["epoch"] + 3)
    assert main(["fit", "runs/run/latest", "--trainer.max_epochs", epochs]) == 0
    assert RunDirectory.latest("run") != killed
