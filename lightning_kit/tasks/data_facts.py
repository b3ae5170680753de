"""What a datamodule may tell a task about its data."""

from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class DataFacts:
    """The optional attributes by which a task and a datamodule meet; each None where not told.

    Attributes:
        preprocess: Raw input to model input; the datamodule owns and applies it.
        encoders: What a tensor graph cannot do, as plain data.
        classes: Name of each class, in the order of its number.
        class_counts: Training samples of each class.
        target_mean: Mean of each target over the training part, in the target's units.
        target_std: Spread of each target over the training part, in the target's units.
    """

    preprocess: nn.Module | None = None
    encoders: list[dict[str, Any]] | None = None
    classes: list[str] | None = None
    class_counts: list[int] | None = None
    target_mean: Tensor | None = None
    target_std: Tensor | None = None

    @classmethod
    def of(cls, datamodule: pl.LightningDataModule | None) -> "DataFacts":
        """Read them from any datamodule; from none at all, everything is None."""
        return cls(**{name: getattr(datamodule, name, None) for name in cls.__slots__})
