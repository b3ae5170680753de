"""``new`` gives a recipe that runs where it is written, and a project whose test is green."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Run

from lightning_kit.cli.recipes import shipped


@pytest.mark.parametrize("name", sorted(shipped("recipes")))
def test_a_recipe_and_its_data(kit: Run, capsys: Any, name: str) -> None:
    assert kit("new", name) == 0
    text = capsys.readouterr().out
    assert "configs/" not in text
    assert f"#   lightning-kit fit -c {name}.yaml\n" in text
    path = (yaml.safe_load(text)["data"].get("init_args") or {}).get("path")
    assert path is None or Path(path).is_file()


@pytest.mark.parametrize("args", [["--project", "taken"], ["--project", "/proc/foo/bar"]])
def test_a_place_that_cannot_be_written_is_one_line(kit: Run, capsys: Any, args: list[str]) -> None:
    Path("taken").touch()
    assert kit("new", *args) == 2
    assert f"{args[1]}" in (said := capsys.readouterr().err)
    assert "cannot be written" in said


def test_so_is_a_folder_that_takes_no_data(
    kit: Run, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/proc")
    assert kit("new", "breast_cancer") == 2
    assert "breast_cancer.csv cannot be written (No such file" in capsys.readouterr().err


def test_data_is_not_overwritten(kit: Run, capsys: Any) -> None:
    assert kit("new", "breast_cancer") == 0
    assert kit("new", "breast_cancer") == 0, "the same data may stay"
    Path("breast_cancer.csv").write_text("mine")
    assert kit("new", "breast_cancer") == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert Path("breast_cancer.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["digit_mlp"], "did you mean digits_mlp?"),
        ([], "new takes one recipe"),
        (["--projct", "x"], "takes no --projct"),
        (["--project"], "takes one directory"),
    ],
)
def test_mistakes(kit: Run, capsys: Any, args: list[str], line: str) -> None:
    assert kit("new", *args) == 2
    assert line in capsys.readouterr().err


def test_a_project_is_green_and_clean(kit: Run, tmp_path: Path) -> None:
    assert kit("new", "--project", "mine") == 0
    project = tmp_path / "mine"
    assert {p.name for p in project.iterdir()} >= {
        "task.py",
        "datamodule.py",
        "recipe.yaml",
        "tests",
    }
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))}
    for command in (["pytest", "-q"], ["mypy", "--strict", "."], ["ruff", "check", "."]):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_project_needs_an_empty_place(kit: Run, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "task.py").write_text("mine")
    assert kit("new", "--project", "mine") == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert (tmp_path / "mine" / "task.py").read_text() == "mine"
