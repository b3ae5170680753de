"""Row 1: `nn.Linear(28*28, 10)`, cross-entropy, Adam 1e-3, five epochs over 64 random samples."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET, build
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, TensorDataset

from lightning_kit.tasks import ClassificationTask


class ArticlesModel(pl.LightningModule):
    """As printed, with the `fused` that the kit chooses where nobody does."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.model(x)
        return output

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        loss: Tensor = self.criterion(self(x), y)
        return loss

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.Adam(self.parameters(), lr=0.001, fused=True)


def loader(*, shuffle: bool = True) -> DataLoader[tuple[Tensor, ...]]:
    generator = torch.Generator().manual_seed(3)
    pixels = torch.randn(64, 28 * 28, generator=generator)
    digits = torch.randint(0, 10, (64,), generator=generator)
    return DataLoader(
        TensorDataset(pixels, digits), batch_size=32, shuffle=shuffle, generator=generator
    )


@pytest.fixture
def wanted() -> dict[str, Tensor]:
    """The article's weights after five epochs, from a seeded start."""
    pl.seed_everything(0, verbose=False)
    module = ArticlesModel(nn.Linear(28 * 28, 10))
    pl.Trainer(max_epochs=5, **QUIET).fit(module, loader())
    return dict(module.model.state_dict())


def test_from_python_the_weights_are_the_same_to_the_bit(wanted: dict[str, Tensor]) -> None:
    pl.seed_everything(0, verbose=False)
    model = nn.Linear(28 * 28, 10)
    task = ClassificationTask(model, 10, optimizer=lambda params: optim.Adam(params, lr=0.001))
    pl.Trainer(max_epochs=5, **QUIET).fit(task, loader(), loader(shuffle=False))
    torch.testing.assert_close(dict(model.state_dict()), wanted, rtol=0, atol=0)


def test_from_yaml_they_are_as_well(wanted: dict[str, Tensor], tmp_path: Path) -> None:
    linear = {"in_features": 28 * 28, "out_features": 10}
    model = {
        "class_path": "lightning_kit.tasks.ClassificationTask",
        "init_args": {
            "num_classes": 10,
            "model": {"class_path": "torch.nn.Linear", "init_args": linear},
            # jsonargparse keeps the default AdamW's weight decay when the class changes.
            "optimizer": {
                "class_path": "torch.optim.Adam",
                "init_args": {"lr": 0.001, "weight_decay": 0.0},
            },
        },
    }
    cli = build(model, tmp_path, max_epochs=5)
    cli.trainer.fit(cli.model, loader(), loader(shuffle=False))
    torch.testing.assert_close(dict(cli.model.model.state_dict()), wanted, rtol=0, atol=0)
