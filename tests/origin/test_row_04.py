"""Row 4: ``ModelCheckpoint(monitor="val_loss")``, ``EarlyStopping(patience=3)``.

Fails as printed: ``EarlyStopping`` needs a monitor, and the sample's module logs no ``val_loss``.
"""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from conftest import Run
from programs.plain import PlainData, PlainModule

from lightning_kit.runs.directory import RunDirectory

# A bar so high that nothing clears it: patience alone decides.
STOP: dict[str, Any] = {"monitor": "val/loss", "patience": 3, "min_delta": 100.0}


def test_both_callbacks_act_as_in_plain_lightning(
    kit: Run, plain_recipe: dict[str, Any], tmp_path: Path
) -> None:
    plain_recipe["trainer"]["max_epochs"] = 20
    plain_recipe["trainer"]["callbacks"][1]["init_args"] = STOP
    Path("row.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "row.yaml") == 0
    run = RunDirectory.latest("row")

    pl.seed_everything(3, workers=True)
    checkpoint = pl.callbacks.ModelCheckpoint(tmp_path / "plain", monitor="val/loss")
    stopping = pl.callbacks.EarlyStopping(**STOP)
    trainer = pl.Trainer(
        max_epochs=20,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[checkpoint, stopping],
    )
    data, module = PlainData(), PlainModule()
    trainer.fit(module, datamodule=data)

    record = run.record()
    assert record.status == "stopped"
    assert record.best is not None
    assert checkpoint.best_model_score is not None
    assert record.epoch == trainer.current_epoch == 4
    assert record.best["score"] == float(checkpoint.best_model_score)
    ours = torch.load(run.best(), weights_only=True)["state_dict"]
    theirs = torch.load(checkpoint.best_model_path, weights_only=True)["state_dict"]
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("callback", ["EarlyStopping", "ModelCheckpoint"])
def test_a_key_that_nothing_logs_is_named(
    kit: Run, recipe: str, capsys: Any, callback: str
) -> None:
    assert kit("fit", "-c", recipe, f"--callbacks.{callback}.monitor", "val_loss") == 2
    assert (
        "'val_loss' is never logged: did you mean val/loss?; logged: train/loss, val/loss"
        in capsys.readouterr().err
    )
