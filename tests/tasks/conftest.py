"""A Trainer that is quiet and quick, and data that fits a task."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from lightning_kit.datamodules.loader import BatchLoader


@pytest.fixture
def make_trainer(tmp_path: Path) -> Callable[..., pl.Trainer]:
    def make(**options: Any) -> pl.Trainer:
        defaults: dict[str, Any] = {
            "default_root_dir": tmp_path,
            "accelerator": "cpu",
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "max_epochs": 1,
        }
        return pl.Trainer(**{**defaults, **options})

    return make


@pytest.fixture
def make_loader() -> Callable[..., BatchLoader]:
    def make(input: torch.Tensor, target: torch.Tensor, batch_size: int = 4) -> BatchLoader:
        return BatchLoader(input, target, batch_size=batch_size, shuffle=False, seed=0)

    return make
