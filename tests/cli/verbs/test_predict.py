"""``predict`` writes one row a sample, and overwrites nothing."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import Run
from programs.artefacts import write_table

from lightning_kit.runs.directory import RunDirectory


def test_answers_lie_beside_the_run(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", "-c", recipe) == 0
    assert kit("predict", "runs/small/latest") == 0
    (path,) = RunDirectory.latest("small").path.glob("predict-*.csv")
    header, *rows = csv.reader(path.read_text().splitlines())
    assert header == ["prediction_0", "prediction_1"]
    assert len(rows) == 40
    assert "40 predictions: runs/small/" in capsys.readouterr().out


def test_without_a_run_they_lie_here_and_stay(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("predict", "-c", recipe, "--random_weights") == 0
    before = Path("predictions.csv").read_text()
    assert kit("predict", "-c", recipe, "--random_weights") == 2
    assert "predictions.csv exists" in capsys.readouterr().err
    assert Path("predictions.csv").read_text() == before


def test_several_devices_are_refused(kit: Run, recipe: str, capsys: Any) -> None:
    args = ("-c", recipe, "--random_weights", "--trainer.devices", "2")
    assert kit("predict", *args) == 2
    assert "predict answers on one device" in capsys.readouterr().err
    assert not Path("predictions.csv").exists()


HEAVY = ("torch", "pytorch_lightning", "lightning_fabric", "torchmetrics", "jsonargparse")
BLOCKED = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {(*HEAVY, "yaml", "rich", "sklearn", "omegaconf")!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
from lightning_kit.cli import main
sys.exit(main(sys.argv[1:]))
"""


def without_torch(*args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCKED, "predict", *args],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_artefact_is_answered_without_torch() -> None:
    write_table(Path("art"))
    Path("rows.csv").write_text("colour,size\nred,1.5\nblue,\n")
    done = without_torch("art", "--rows", "rows.csv")
    assert (done.stdout, done.stderr) == ("2 predictions: predictions.csv\n", "")
    assert len(Path("predictions.csv").read_text().splitlines()) == 3
    assert "usage: lightning-kit predict" in without_torch("--help").stdout


def test_a_run_without_torch_is_one_line() -> None:
    done = without_torch("runs/small/latest", "--rows", "rows.csv")
    assert done.returncode == 2
    assert done.stderr == (
        "lightning-kit: runs/small/latest is no artefact (it has no manifest.json): runs and "
        "checkpoints need torch, which is not installed: pip install lightning_kit\n"
    )


def test_importing_the_verb_imports_nothing_heavy() -> None:
    program = (
        "import sys, lightning_kit.cli.verbs.predict; "
        f"sys.exit(str(set(sys.modules) & {set(HEAVY)!r} or ''))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.strip() == ""
