"""LightningDataModules: one kind of source each."""

from lightning_kit.datamodules.base import AbstractDataModule
from lightning_kit.datamodules.digits import DigitsDataModule
from lightning_kit.datamodules.errors import DataError
from lightning_kit.datamodules.loader import BatchLoader

__all__ = ["AbstractDataModule", "BatchLoader", "DataError", "DigitsDataModule"]
