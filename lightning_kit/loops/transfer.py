"""Move a batch to the device, with the hooks around it."""

from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities import move_data_to_device
from pytorch_lightning.trainer import call
from torch import Tensor

from lightning_kit.loops.spans import Part, spanned, spans_of, strategy_span
from lightning_kit.loops.stock import is_known, is_stock, is_untouched

PLAIN = frozenset({int, float, str, bool, type(None)})
BEFORE, MOVE, AFTER = (
    "on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer",
)  # fmt: skip


class _ElsewhereError(Exception):
    """A batch has parts that are to be moved, or that only Lightning knows how to move."""


def transfer_of(trainer: pl.Trainer) -> Part:
    """Return what takes a batch and its loader's index, and gives the batch on the device."""
    module, strategy = trainer.lightning_module, trainer.strategy
    precision = trainer.precision_plugin

    def stock(batch: Any, index: int) -> Any:
        batch = precision.convert_input(batch)
        batch = module._on_before_batch_transfer(batch, dataloader_idx=index)
        return call._call_strategy_hook(trainer, "batch_to_device", batch, dataloader_idx=index)

    known = (
        is_known(trainer)
        and is_untouched(strategy, "batch_to_device", "root_device")
        and is_untouched(precision, "convert_input")
        and is_stock(
            module,
            pl.LightningModule,
            "_call_batch_hook",
            "_on_before_batch_transfer",
            "_apply_batch_transfer_handler",
        )
    )
    if not known or not is_stock(*_owner(trainer, MOVE), MOVE):
        return stock
    device = strategy.root_device
    before, after = _hook(trainer, BEFORE), _hook(trainer, AFTER)
    fx = vars(module)

    def bare(batch: Any) -> Any:
        try:
            return _rebuilt(device, batch)
        except _ElsewhereError:
            return move_data_to_device(batch, device)

    placed = spanned(trainer, _span(trainer, MOVE), bare)

    def to_device(batch: Any, index: int) -> Any:
        batch = placed(batch)
        return batch if after is None else after(batch, index)

    moved = strategy_span(trainer, "batch_to_device", to_device)

    def move(batch: Any, index: int) -> Any:
        if before is not None:
            batch = before(batch, index)
        hook = fx["_current_fx_name"]
        fx["_current_fx_name"] = "batch_to_device"
        batch = moved(batch, index)
        fx["_current_fx_name"] = hook
        return batch

    return move


def _owner(trainer: pl.Trainer, name: str) -> tuple[Any, type]:
    """Return whose hook counts, the module's or the datamodule's, and the class it is from."""
    selector = trainer._data_connector._datahook_selector
    assert selector is not None
    owner = selector.get_instance(name)
    is_module = owner is trainer.lightning_module
    return owner, pl.LightningModule if is_module else pl.LightningDataModule


def _span(trainer: pl.Trainer, name: str) -> str:
    owner, kind = _owner(trainer, name)
    return f"[{kind.__name__}]{type(owner).__name__}.{name}"


def _hook(trainer: pl.Trainer, name: str) -> Part | None:
    """Return a hook, None where nobody has one of his own or asks the profiler for it."""
    owner, kind = _owner(trainer, name)
    span = _span(trainer, name)
    if is_stock(owner, kind, name) and span not in spans_of(trainer):
        return None
    fx = vars(trainer.lightning_module)

    def hook(*args: Any) -> Any:
        before = fx["_current_fx_name"]
        if kind is pl.LightningModule:
            fx["_current_fx_name"] = name
        output = getattr(owner, name)(*args)
        fx["_current_fx_name"] = before
        return output

    return spanned(trainer, span, hook)


def _rebuilt(device: torch.device, batch: Any) -> Any:
    """Return ``batch`` in new containers, as Lightning does, if its tensors are on ``device``.

    What a step does to a container must not reach the loader's own.
    """
    kind = type(batch)
    if kind is Tensor:
        if batch.device != device:
            raise _ElsewhereError
        return batch
    if kind is tuple:
        return tuple([_rebuilt(device, item) for item in batch])
    if kind is list:
        return [_rebuilt(device, item) for item in batch]
    if kind is dict:
        return {key: _rebuilt(device, item) for key, item in batch.items()}
    if kind not in PLAIN:
        raise _ElsewhereError
    return batch
