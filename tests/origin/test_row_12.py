"""Row 12: ``precision=16``, which misleads: on a CPU Lightning turns it into bf16-mixed."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from conftest import Run
from programs.plain import PlainData, PlainModule

from lightning_kit.cli.recipes import shipped
from lightning_kit.runs.directory import RunDirectory


def test_on_a_cpu_sixteen_bits_are_bfloat_and_that_is_said(kit: Run, recipe: str) -> None:
    with pytest.warns(UserWarning, match="Using `precision='bf16-mixed'` instead"):
        assert kit("fit", "-c", recipe, "--trainer.precision", "16-mixed") == 0
    sixteen = torch.load(RunDirectory.latest("small").best(), weights_only=True)["state_dict"]
    overlay = str(shipped("overlays")["bf16"].path)
    assert kit("fit", "-c", recipe, "-c", overlay) == 0
    run = RunDirectory.latest("small")
    assert yaml.safe_load(run.config.read_text())["trainer"]["precision"] == "bf16-mixed"
    bfloat = torch.load(run.best(), weights_only=True)["state_dict"]

    pl.seed_everything(3, workers=True)
    module, data = PlainModule(), PlainData()
    options: dict[str, Any] = {"logger": False, "enable_checkpointing": False}
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        precision="bf16-mixed",
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )
    trainer.fit(module, datamodule=data)
    for name, weight in module.state_dict().items():
        assert torch.equal(weight, sixteen[name])
        assert torch.equal(weight, bfloat[name])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no accelerator here")
def test_on_an_accelerator_sixteen_bits_are_half(kit: Run, recipe: str) -> None:
    assert (
        kit("fit", "-c", recipe, "--trainer.precision", "16-mixed", "--trainer.accelerator", "gpu")
        == 0
    )
    state = torch.load(RunDirectory.latest("small").best(), weights_only=True)
    assert "MixedPrecision" in state, "a scaler's state is kept"
