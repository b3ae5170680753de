"""What every datamodule shares: four parts, one loader each, and what the task may ask for."""

from abc import ABC, abstractmethod
from typing import Any, Literal

import pytorch_lightning as pl
from torch import Tensor, nn

from lightning_kit.datamodules.loader import BatchLoader

Part = Literal["train", "val", "test", "predict"]


class AbstractDataModule(pl.LightningDataModule, ABC):
    """The abstract half of a datamodule. The final half owns ``__init__`` and :meth:`load`.

    A batch is ``(input, target)``, both with ``N`` rows. ``input`` stays raw in the loader and
    goes through ``preprocess`` after it was moved to the device; ``target`` stays raw for good.

    The attributes below are what a task reads in its ``setup``; ``None`` where they do not apply.
    What was fitted on the training part is in ``state_dict``, hence in every checkpoint.

    Args:
        batch_size: Rows in a batch of one device, at least 1.
        seed: Decides the split and the order of samples; the same seed gives the same batches.
    """

    preprocess: nn.Module | None = None
    encoders: list[dict[str, Any]] | None = None
    classes: list[str] | None = None
    class_counts: list[int] | None = None
    target_mean: Tensor | None = None
    target_std: Tensor | None = None

    def __init__(self, *, batch_size: int, seed: int) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1 row, got {batch_size}")
        self.batch_size = batch_size
        self.seed = seed

    @abstractmethod
    def load(self, part: Part) -> tuple[Tensor, Tensor | None]:
        """Return ``(input, target)`` of one part; ``target`` is None where rows have none."""

    def train_dataloader(self) -> BatchLoader:
        return self._loader("train", shuffle=True)

    def val_dataloader(self) -> BatchLoader:
        return self._loader("val")

    def test_dataloader(self) -> BatchLoader:
        return self._loader("test")

    def predict_dataloader(self) -> BatchLoader:
        return self._loader("predict")

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        if self.preprocess is None:
            return batch
        if isinstance(batch, Tensor):
            return self.preprocess(batch)
        input, target = batch
        return self.preprocess(input), target

    def _loader(self, part: Part, *, shuffle: bool = False) -> BatchLoader:
        input, target = self.load(part)
        rank, world_size = (
            (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        )
        return BatchLoader(
            input,
            target,
            batch_size=self.batch_size,
            shuffle=shuffle,
            seed=self.seed,
            rank=rank,
            world_size=world_size,
        )
