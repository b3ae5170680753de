"""The wheel works outside the clone, with its recipes and their data."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from programs.artefacts import write_pictures, write_table

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


# What an answer needs; onnxruntime imports nothing else.
NEEDED = ("numpy", "numpy.libs", "onnxruntime", "safetensors", "pyarrow", "PIL", "pillow.libs")


@pytest.mark.slow
def test_an_artefact_is_answered_in_an_environment_without_torch(installed: Path) -> None:
    (wheel,) = installed.parent.glob("*.whl")
    venv.create("venv", with_pip=False)
    python = Path("venv/bin/python").absolute()
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    done = subprocess.run(
        [*command, "--no-index", str(wheel)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (site,) = Path("venv").glob("lib/python*/site-packages")
    present = Path(sysconfig.get_path("purelib"))
    for name in NEEDED:
        if (present / name).exists():
            (site / name).symlink_to(present / name)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*args: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(args, env=environ, capture_output=True, text=True, check=False)

    assert "No module named 'torch'" in run(str(python), "-c", "import torch").stderr
    write_table(Path("art"))
    Path("rows.csv").write_text("colour,size\nred,1.5\nblue,\n")
    done = run("venv/bin/lightning-kit", "predict", "art", "--rows", "rows.csv")
    assert (done.stdout, done.stderr) == ("2 predictions: predictions.csv\n", "")
    header, first, _ = Path("predictions.csv").read_text().splitlines()
    assert header == "probabilities_a,probabilities_b,probabilities_c,prediction"
    assert first.endswith(",a")
    picture = np.full((5, 7, 3), 51, np.uint8)
    write_pictures(Path("pictures"), {"picture": [picture]})
    Image.fromarray(picture).save("a.png")
    done = run("venv/bin/lightning-kit", "predict", "pictures", "--rows", "a.png", "--out", "p.csv")
    assert (done.stdout, done.stderr) == ("1 predictions: p.csv\n", "")
