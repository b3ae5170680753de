"""The article's classifiers, as modules to export."""

from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn


class Classifier(pl.LightningModule):
    """The prototype's network."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Dropout(), nn.Linear(128, 10))

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


class ImageClassifier(pl.LightningModule):
    """A small network for pictures ``(N, 3, 224, 224)``."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 4, 7, stride=4), nn.BatchNorm2d(4), nn.ReLU(),
            nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64, 10),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Any:
        return self.net(x)
