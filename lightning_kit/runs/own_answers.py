"""The way from raw rows to answers that a module and its datamodule have by themselves."""

import inspect
from typing import Any, final

import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.artefact.encoding import apply_encoders
from lightning_kit.export.arrays import as_arrays, as_tensors, device_of
from lightning_kit.export.declared_encoders import declared_encoders
from lightning_kit.export.evaluating import evaluating
from lightning_kit.export.outputs import named_outputs


@final
class OwnAnswers:
    """What prediction gives for raw rows, without a Trainer and without what is exported.

    It goes this way::

        input  = the datamodule's encoders, where it has some
        batch  = on_before_batch_transfer, on_after_batch_transfer of datamodule or module
        output = predict_step of a task, forward of any other module

    Args:
        module: Trained. It is a task where it has a ``model`` and a ``postprocess``.
        datamodule: What fed it, where there was one.
        target: Of one validation batch, ``(N, ...)``; hooks that take a pair get one like it, of
            zeros. None where batches are bare inputs.
    """

    def __init__(
        self,
        module: pl.LightningModule,
        datamodule: pl.LightningDataModule | None = None,
        *,
        target: Tensor | None = None,
    ) -> None:
        self.module, self.datamodule, self.target = module, datamodule, target

    def __call__(self, rows: RawRows) -> dict[str, NDArray[Any]]:
        """Return the answers by name, ``(N, ...)`` each."""
        encoders = declared_encoders(self.datamodule)
        arrays = rows if encoders is None else {"input": apply_encoders(rows, encoders)}
        tensors = as_tensors(arrays, device_of(self.module))
        with evaluating(self.module), torch.inference_mode():
            return as_arrays(named_outputs(self._output(tensors)))

    def _output(self, tensors: dict[str, Tensor]) -> Any:
        input = tensors["input"] if list(tensors) == ["input"] else tensors
        batch: Any = input
        if self.target is not None:
            rows = len(next(iter(tensors.values())))
            like = self.target.new_zeros((rows, *self.target.shape[1:]))
            batch = input, like.to(device_of(self.module))
        for hook in ("on_before_batch_transfer", "on_after_batch_transfer"):
            batch = getattr(self._owner(hook), hook)(batch, 0)
        if is_task(self.module):
            return self.module.predict_step(batch, 0)
        input = batch if self.target is None else batch[0]
        by_keyword = isinstance(input, dict) and _takes(self.module, input)
        return self.module(**input) if by_keyword else self.module(input)

    def _owner(self, hook: str) -> Any:
        """Return whose hook Lightning calls: the datamodule's where it has its own."""
        own = getattr(type(self.datamodule), hook, None)
        stock = getattr(pl.LightningDataModule, hook)
        return self.module if own is None or own is stock else self.datamodule


def is_task(module: nn.Module) -> bool:
    """Say whether ``module`` has its network and its answers apart, as tasks of the kit do."""
    parts = (getattr(module, name, None) for name in ("model", "postprocess"))
    return all(isinstance(part, nn.Module) for part in parts)


def has_own_predict_step(module: nn.Module) -> bool:
    """Say whether prediction is more than calling ``module``."""
    stock = pl.LightningModule.predict_step
    return getattr(type(module), "predict_step", stock) is not stock


def _takes(module: nn.Module, input: dict[str, Any]) -> bool:
    try:
        inspect.signature(module.forward).bind(**input)
    except TypeError:
        return False
    return True
