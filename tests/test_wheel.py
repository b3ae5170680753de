"""The wheel works outside the clone, with its recipes and their data."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack a wheel built from the tree: nothing of the clone is on the path."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder), "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def lightning_kit(installed: Path, *args: str) -> str:
    # Before the clone's own entry, which an editable install puts behind PYTHONPATH.
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "lightning_kit", *args],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_holds_what_it_needs(installed: Path) -> None:
    package = installed / "lightning_kit"
    assert (package / "configs" / "recipes" / "digits_mlp.yaml").is_file()
    assert (package / "configs" / "data" / "breast_cancer.csv").is_file()
    assert (package / "cli" / "project" / "task.py.txt").is_file()
    assert (package / "py.typed").is_file()
    assert not list(installed.rglob("test_*.py"))


@pytest.mark.parametrize("recipe", ["digits_mlp", "breast_cancer"])
def test_a_recipe_trains_outside_the_clone(installed: Path, recipe: str) -> None:
    Path("mine.yaml").write_text(lightning_kit(installed, "new", recipe))
    lightning_kit(installed, "fit", "-c", "mine.yaml", "--trainer.max_epochs", "1")
    assert Path("runs/mine/latest/run.json").is_file()
