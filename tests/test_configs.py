"""Every recipe is a plain LightningCLI file, and every overlay goes over every recipe."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Run
from programs.stock import stock

from lightning_kit.cli.recipes import shipped
from lightning_kit.runs.directory import RunDirectory

ROOT = Path(__file__).parents[1]
RECIPES = shipped("recipes")
OVERLAYS = shipped("overlays")
QUICK = ("--trainer.enable_progress_bar", "false", "--trainer.enable_model_summary", "false")


@pytest.fixture(autouse=True)
def _beside_the_configs(tmp_path: Path) -> None:
    """Recipes name their data from the root of the clone."""
    (tmp_path / "configs").symlink_to(ROOT / "configs")


@pytest.mark.parametrize("name", RECIPES)
def test_a_stock_command_line_fits_a_recipe(name: str) -> None:
    stock("fit", "-c", str(RECIPES[name].path), "--trainer.fast_dev_run", "true")


@pytest.mark.parametrize("name", RECIPES)
def test_a_stock_command_line_fits_what_a_run_wrote(name: str, kit: Run) -> None:
    smoke = ("-c", str(OVERLAYS["smoke"].path))
    assert kit("fit", "-c", str(RECIPES[name].path), *smoke, *QUICK) == 0
    run = RunDirectory.latest(name)
    written: dict[str, Any] = yaml.safe_load(run.config.read_text())
    assert str(run.path) not in run.config.read_text()
    assert all("." in entry["class_path"] for entry in written["trainer"]["callbacks"])
    stock("fit", "-c", str(run.config), "--trainer.fast_dev_run", "true")


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", RECIPES)
def test_an_overlay_goes_over_a_recipe(name: str, overlay: str, kit: Run, capsys: Any) -> None:
    files = ("-c", str(RECIPES[name].path), "-c", str(OVERLAYS[overlay].path))
    assert kit("check", *files) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_names_classes_in_full(name: str) -> None:
    recipe = yaml.safe_load(RECIPES[name].text)
    assert isinstance(recipe["trainer"]["callbacks"], list)
    for line in RECIPES[name].text.splitlines():
        key, _, value = line.strip().partition(": ")
        assert key != "class_path" or "." in value
    assert "lightning-kit fit -c configs/recipes/" in RECIPES[name].text
    assert "# Expect: " in RECIPES[name].text


def test_data_paths_are_relative_to_the_working_directory() -> None:
    for recipe in RECIPES.values():
        path = yaml.safe_load(recipe.text)["data"].get("init_args", {}).get("path")
        assert path is None or (ROOT / path).is_file()
