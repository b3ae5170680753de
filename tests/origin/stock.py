"""A stock LightningCLI from settings, and a Trainer that says and keeps nothing."""

from pathlib import Path
from typing import Any
from unittest import mock

import pytorch_lightning as pl
import yaml
from pytorch_lightning.cli import LightningCLI

QUIET: dict[str, Any] = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def build(model: dict[str, Any], folder: Path, **trainer: Any) -> LightningCLI:
    """Build task and Trainer from YAML; the data stays in the test."""
    settings = {"seed_everything": 0, "model": model, "trainer": {**QUIET, **trainer}}
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(settings))
    with mock.patch("sys.argv", ["train"]):
        return LightningCLI(
            pl.LightningModule,
            subclass_mode_model=True,
            save_config_callback=None,
            run=False,
            args=["-c", str(path)],
        )
