"""A kill between a save and the removal that follows leaves both files."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).parents[1]
PROGRAM = """
import os, signal
from programs.scored import fit
from lightning_kit.callbacks import ModelCheckpoint

def kill(trainer, path):
    if trainer.current_epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)

fit([0.5, 0.4, 0.3, 0.2], ModelCheckpoint("kept", "{epoch}", monitor="score", on_saved=kill))
"""


def test_both_are_there_and_whole_after_a_kill(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    kept = sorted((tmp_path / "kept").iterdir())
    assert [path.name for path in kept] == ["epoch=1.ckpt", "epoch=2.ckpt"]
    weights = [torch.load(path, weights_only=True)["state_dict"]["net.weight"] for path in kept]
    # The weight counts the steps, one an epoch.
    assert [int(weight) for weight in weights] == [2, 3]
