"""Row 51: medicine, finance, retail: recipes on real or honestly generated tables.

Medicine is two recipes on real data. A finance and a retail table are made here, as honestly seeded
noise around a known rule, and the table datamodule and tasks must find what is in them.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import Run

from lightning_kit.cli.recipes import shipped
from lightning_kit.datamodules import TableDataModule
from lightning_kit.datamodules.baselines import baselines
from lightning_kit.runs.directory import RunDirectory


def finance(rows: int = 600) -> list[str]:
    """Loans: default follows debt over income, and whether a job is held."""
    draw = np.random.default_rng(0)
    lines = ["income,debt,job,opened,default"]
    for _ in range(rows):
        income, debt = draw.uniform(20, 100), draw.uniform(0, 100)
        job = draw.choice(["held", "lost", ""], p=[0.7, 0.25, 0.05])
        risk = debt / income + (job == "lost") + draw.normal(0, 0.2)
        day = np.datetime64("2020-01-01") + draw.integers(0, 1000)
        lines.append(f"{income:.1f},{debt:.1f},{job},{day},{'yes' if risk > 1.2 else 'no'}")
    return lines


def retail(rows: int = 600) -> list[str]:
    """Sales: a price, a shelf and the day of the week make the number sold."""
    draw = np.random.default_rng(1)
    lines = ["price,shelf,day,sold"]
    for _ in range(rows):
        price, shelf = draw.uniform(1, 9), draw.choice(["low", "eye", "top"])
        day = np.datetime64("2024-01-01") + draw.integers(0, 365)
        weekend = day.astype(object).weekday() >= 5
        sold = 50 - 4 * price + 8 * (shelf == "eye") + 10 * weekend + draw.normal(0, 1)
        lines.append(f"{price:.2f},{shelf},{day},{sold:.2f}")
    return lines


def recipe(task: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {
        "seed_everything": 0,
        "model": {"class_path": f"lightning_kit.tasks.{task.pop('name')}", "init_args": task},
        "data": {"class_path": "lightning_kit.datamodules.TableDataModule", "init_args": data},
        "trainer": {
            "max_epochs": 40,
            "accelerator": "cpu",
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "log_every_n_steps": 5,
            "callbacks": [
                {
                    "class_path": "pytorch_lightning.callbacks.ModelCheckpoint",
                    "init_args": {"monitor": "val/loss"},
                }
            ],
        },
    }


def mlp(columns: int, outputs: int) -> dict[str, Any]:
    sizes = {"in_features": columns, "out_features": outputs, "hidden": [32]}
    return {"class_path": "lightning_kit.models.MLP", "init_args": sizes}


@pytest.mark.parametrize(
    ("lines", "target", "name", "metric"),
    [
        (finance, "default", "ClassificationTask", "accuracy"),
        (retail, "sold", "RegressionTask", "r2"),
    ],
)
def test_a_table_is_learnt_as_well_as_by_a_linear_model(
    kit: Run, lines: Any, target: str, name: str, metric: str
) -> None:
    Path("table.csv").write_text("\n".join(lines()))
    data = {"path": "table.csv", "target": target}
    table = TableDataModule(**data)  # type: ignore[arg-type]
    table.setup("fit")
    columns = len(table.feature_names)
    linear = baselines(table, "test")[f"linear/{metric}"]
    task: dict[str, Any] = {"name": name, "model": mlp(columns, 2 if metric == "accuracy" else 1)}
    task |= {"num_classes": 2} if metric == "accuracy" else {}
    Path("row.yaml").write_text(yaml.safe_dump(recipe(task, data)))
    assert kit("fit", "-c", "row.yaml", "--model.optimizer.lr", "0.01") == 0
    assert kit("test", "runs/row/latest") == 0
    (found,) = RunDirectory.latest("row").path.glob("test-*.json")
    assert yaml.safe_load(found.read_text())["metrics"][f"test/{metric}"] > linear - 0.02


def test_medicine_has_recipes_of_its_own() -> None:
    assert {"breast_cancer", "diabetes_regression"} <= set(shipped("recipes"))
