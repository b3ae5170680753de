"""Recipes reach what their first lines say to expect."""

import json
import re
import statistics
from pathlib import Path

import pytest
import yaml
from conftest import Run

from lightning_kit.cli.recipes import shipped
from lightning_kit.datamodules import TableDataModule
from lightning_kit.datamodules.baselines import baselines
from lightning_kit.runs.directory import RunDirectory

ROOT = Path(__file__).parents[1]
RECIPES = shipped("recipes")
QUICK = ("--trainer.enable_progress_bar", "false", "--trainer.enable_model_summary", "false")


@pytest.fixture(autouse=True)
def _beside_the_configs(tmp_path: Path) -> None:
    (tmp_path / "configs").symlink_to(ROOT / "configs")


def scores(kit: Run, name: str, *flags: str) -> dict[str, float]:
    """Return the test metrics of the best checkpoint of a whole run."""
    assert kit("fit", "-c", str(RECIPES[name].path), *QUICK, *flags) == 0
    assert kit("test", f"runs/{name}/latest", *QUICK) == 0
    (path,) = RunDirectory.latest(name).path.glob("test-*.json")
    metrics: dict[str, float] = json.loads(path.read_text())["metrics"]
    return metrics


@pytest.mark.parametrize(
    ("name", "metric", "within"),
    [
        # Three of the 270 test pictures, or one of the 85 test rows, are 0.012.
        ("digits_mlp", "accuracy", 0.012),
        ("digits_cnn", "accuracy", 0.012),
        ("digits_events", "accuracy", 0.012),
        ("breast_cancer", "accuracy", 0.012),
        ("diabetes_regression", "rmse", 0.5),
    ],
)
def test_a_recipe_reaches_what_it_says(kit: Run, name: str, metric: str, within: float) -> None:
    said = re.search(rf"# Expect: test {metric} ([\d.]+)", RECIPES[name].text, flags=re.IGNORECASE)
    assert said is not None
    assert scores(kit, name)[f"test/{metric}"] == pytest.approx(float(said[1]), abs=within)


@pytest.mark.parametrize(
    ("name", "metric", "sign"),
    [("breast_cancer", "accuracy", 1), ("diabetes_regression", "rmse", -1)],
)
def test_a_table_recipe_is_not_below_the_linear_model(
    kit: Run, name: str, metric: str, sign: int
) -> None:
    data = TableDataModule(**yaml.safe_load(RECIPES[name].text)["data"]["init_args"])
    data.setup("fit")
    linear = baselines(data, "test")[f"linear/{metric}"]
    assert sign * scores(kit, name)[f"test/{metric}"] >= sign * linear - 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "median", "least"), [("digits_mlp", 0.98, 0.975), ("digits_cnn", 0.99, 0.985)]
)
def test_five_split_seeds(kit: Run, name: str, median: float, least: float) -> None:
    found = [scores(kit, name, "--data.seed", str(seed))["test/accuracy"] for seed in range(5)]
    assert statistics.median(found) >= median
    assert min(found) >= least
