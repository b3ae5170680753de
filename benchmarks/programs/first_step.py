"""Programs that end once their first training step is over.

``python -m benchmarks.programs.first_step stock`` is Lightning alone; the kit's is a recipe.
"""

import os
import sys
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

STEPPED = "the first step is over"
CALLBACK = "benchmarks.programs.first_step.EndAtFirstStep"
RECIPE: dict[str, Any] = {
    "model": {
        "class_path": "lightning_kit.tasks.ClassificationTask",
        "init_args": {
            "num_classes": 10,
            "model": {
                "class_path": "torch.nn.Linear",
                "init_args": {"in_features": 64, "out_features": 10},
            },
        },
    },
    "data": {
        "class_path": "lightning_kit.datamodules.SyntheticDataModule",
        "init_args": {"num_features": 64, "num_classes": 10},
    },
    "trainer": {
        "max_epochs": 1,
        "accelerator": "cpu",
        "devices": 1,
        "num_sanity_val_steps": 0,
        "callbacks": [{"class_path": CALLBACK}],
    },
}


class EndAtFirstStep(pl.Callback):
    """Leave the process at once: what comes after the first step is not measured."""

    def on_train_batch_end(self, *args: Any) -> None:
        print(STEPPED, flush=True)
        os._exit(0)


class Module(pl.LightningModule):
    """A user's module of the same size."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(64, 10)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        input, target = batch
        return nn.functional.cross_entropy(self.model(input), target)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-3)


def stock() -> None:
    data = TensorDataset(torch.randn(700, 64), torch.randint(0, 10, (700,)))
    trainer = pl.Trainer(
        max_epochs=1, accelerator="cpu", devices=1, callbacks=[EndAtFirstStep()],
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(Module(), DataLoader(data, 32, shuffle=True))


if __name__ == "__main__":
    {"stock": stock}[sys.argv[1]]()
