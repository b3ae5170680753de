"""Row 32: the prototype, `Sequential(Linear(784, 128), ReLU(), Linear(128, 10))`, from YAML."""

from pathlib import Path

import pytorch_lightning as pl
import torch
from origin.stock import QUIET, build
from torch import Tensor, nn, optim
from torch.nn import functional

from lightning_kit.datamodules.loader import BatchLoader

GENERATOR = torch.Generator().manual_seed(0)
INPUT = torch.randn(40, 1, 28, 28, generator=GENERATOR)
TARGET = torch.randint(0, 10, (40,), generator=GENERATOR)


class PrototypeModel(pl.LightningModule):
    """As printed, with the optimizer that the print leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        y_hat = self.model(x)
        return functional.cross_entropy(y_hat, y)

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.AdamW(self.parameters(), lr=1e-3, fused=True)


def loader(input: Tensor) -> BatchLoader:
    return BatchLoader(input, TARGET, batch_size=16, shuffle=True, seed=0)


def test_an_mlp_of_784_128_10_from_yaml_is_the_prototype_to_the_bit(tmp_path: Path) -> None:
    pl.seed_everything(0, verbose=False)
    prototype = PrototypeModel()
    pl.Trainer(max_epochs=3, **QUIET).fit(prototype, loader(INPUT.flatten(1)))

    mlp = {"in_features": 784, "out_features": 10, "hidden": [128]}
    model = {
        "class_path": "lightning_kit.tasks.ClassificationTask",
        "init_args": {
            "num_classes": 10,
            "model": {"class_path": "lightning_kit.models.MLP", "init_args": mlp},
        },
    }
    cli = build(model, tmp_path, max_epochs=3)
    # Pictures go in as they are: the MLP flattens them.
    cli.trainer.fit(cli.model, loader(INPUT), loader(INPUT))
    assert str(cli.model.model.hidden[0]) == str(prototype.model[0])
    for mine, wanted in zip(
        cli.model.model.parameters(), prototype.model.parameters(), strict=True
    ):
        assert torch.equal(mine, wanted)
