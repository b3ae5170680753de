"""LightningDataModules: one kind of source each."""

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.datamodules.arrays import ArrayDataModule
from lightning_kit.datamodules.base import AbstractDataModule
from lightning_kit.datamodules.digits import DigitsDataModule
from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.datamodules.synthetic import SyntheticDataModule
from lightning_kit.datamodules.table import TableDataModule

__all__ = [
    "AbstractDataModule",
    "ArrayDataModule",
    "BatchLoader",
    "DataError",
    "DigitsDataModule",
    "SyntheticDataModule",
    "TableDataModule",
]
