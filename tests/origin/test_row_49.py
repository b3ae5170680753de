"""Row 49: ``class ModularProject: _create_data_module ...``: a small project of one's own."""

import sys
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
import yaml
from conftest import Run

from lightning_kit.runs.directory import RunDirectory


def test_the_projects_recipe_equals_its_parts_put_together_by_hand(
    kit: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert kit("new", "--project", "mine") == 0
    monkeypatch.chdir("mine")
    monkeypatch.syspath_prepend(str(tmp_path / "mine"))
    for name in ("task", "datamodule"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert kit("fit", "-c", "recipe.yaml", "--trainer.max_epochs", "2") == 0
    run = RunDirectory.latest("recipe")
    ours = torch.load(run.last(), weights_only=True)["state_dict"]

    from datamodule import MyDataModule  # type: ignore[import-not-found]
    from task import MyTask  # type: ignore[import-not-found]

    pl.seed_everything(yaml.safe_load(Path("recipe.yaml").read_text())["seed_everything"])
    data = MyDataModule()
    module = MyTask(torch.nn.Linear(3, 1))
    trainer = pl.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, datamodule=data)
    for name, weight in module.state_dict().items():
        torch.testing.assert_close(weight, ours[name])
