"""What every datamodule shares: four parts, one loader each, and what the task may ask for."""

from abc import ABC, abstractmethod
from typing import Any, Literal

import pytorch_lightning as pl
from torch import Tensor, nn

from lightning_kit.datamodules.dealt import Dealt, check_dealt
from lightning_kit.datamodules.exact import narrows, unwrapped
from lightning_kit.datamodules.gather import pays
from lightning_kit.datamodules.loader import BatchLoader

Part = Literal["train", "val", "test", "predict"]

FITTED = ("encoders", "classes", "class_counts", "target_mean", "target_std")


class AbstractDataModule(pl.LightningDataModule, ABC):
    """The abstract half of a datamodule. The final half owns ``__init__`` and :meth:`load`.

    A batch is ``(input, target)``, both with ``N`` rows. ``input`` stays raw in the loader and
    goes through ``preprocess`` after it was moved to the device; ``target`` stays raw for good.
    Neither is cast before, also under "bf16-true"; the model's input is cast then. For a CUDA
    device batches lie in page-locked memory, so that they are copied while the program goes on.

    The attributes below are what a task reads in its ``setup``; ``None`` where they do not apply.
    What was fitted on the training part is in ``state_dict``, hence in every checkpoint: the
    attributes, and the state of a ``preprocess`` that exists when a checkpoint is loaded. So is
    what dealt the rows out, :meth:`dealt`, and a final half calls :meth:`check_dealt` in
    :meth:`load`: Lightning restores a checkpoint only after :meth:`setup`.

    The final half calls ``self.save_hyperparameters(logger=False)``: Lightning would refuse to log
    an argument that the task calls by the same name and gives another value.

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
    _trained: Dealt | None = None

    def __init__(self, *, batch_size: int, seed: int) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1 row, got {batch_size}")
        if seed < 0:
            raise ValueError(f"seed must not be negative, got {seed}")
        self.batch_size = batch_size
        self.seed = seed

    @abstractmethod
    def load(self, part: Part) -> tuple[Tensor, Tensor | None]:
        """Return ``(input, target)`` of one part; ``target`` is None where rows have none."""

    def dealt(self) -> Dealt | None:
        """Return plain values that decided which row is in which part; None where none did."""
        return None

    def check_dealt(self, part: Part, file: str | None = None) -> None:
        """Refuse rows that are dealt otherwise than those of the checkpoint.

        Raises:
            DataError: Naming what differs.
        """
        way_out = "go back to the data and settings of training"
        if file is not None and part != "train":
            way_out += f", or give this part a file of its own, {part}_path"
        check_dealt(self._trained, self.dealt(), file, way_out)

    def train_dataloader(self) -> BatchLoader:
        # Lightning turns off the shuffling of DataLoaders only.
        overfits = getattr(self.trainer, "overfit_batches", 0) > 0
        return self._loader("train", shuffle=not overfits)

    def val_dataloader(self) -> BatchLoader:
        return self._loader("val")

    def test_dataloader(self) -> BatchLoader:
        return self._loader("test")

    def predict_dataloader(self) -> BatchLoader:
        return self._loader("predict")

    def state_dict(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in FITTED}
        state["preprocess"] = None if self.preprocess is None else {**self.preprocess.state_dict()}
        state["dealt"] = self.dealt() if self._trained is None else self._trained
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for name in FITTED:
            setattr(self, name, state_dict[name])
        self._trained = state_dict.get("dealt")
        if self.preprocess is not None and state_dict["preprocess"] is not None:
            self.preprocess.load_state_dict(state_dict["preprocess"])

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        raw = unwrapped(batch)
        if self.preprocess is None and raw is batch:
            return batch
        if isinstance(raw, Tensor):
            return self._preprocessed(raw)
        input, target = raw
        return self._preprocessed(input), target

    def _preprocessed(self, input: Tensor) -> Any:
        output = input if self.preprocess is None else self.preprocess(input)
        # Held exact, or cast before: statistics in float32 undo that.
        return self.trainer.precision_plugin.convert_input(output) if self.trainer else output

    def _loader(self, part: Part, *, shuffle: bool = False) -> BatchLoader:
        input, target = self.load(part)
        ranks, pin = {"num_replicas": 1, "rank": 0}, False
        if self.trainer is not None:
            pin = pays(input, self.trainer.strategy.root_device)
            ranks = self.trainer.distributed_sampler_kwargs or ranks
            if self.preprocess is not None:
                self.preprocess.to(self.trainer.strategy.root_device)
        return BatchLoader(
            input,
            target,
            batch_size=self.batch_size,
            shuffle=shuffle,
            seed=self.seed,
            rank=ranks["rank"],
            world_size=ranks["num_replicas"],
            exact=self.trainer is not None and narrows(self.trainer.precision_plugin),
            pin=pin,
        )
