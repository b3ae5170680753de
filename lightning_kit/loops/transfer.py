"""Move a batch to the device, with the hooks around it."""

from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities import move_data_to_device
from pytorch_lightning.trainer import call
from torch import Tensor

from lightning_kit.loops.spans import Part, strategy_span
from lightning_kit.loops.stock import is_known, is_stock, is_untouched

PLAIN = frozenset({int, float, str, bool, type(None)})


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
    if not known or _overridden(trainer, "transfer_batch_to_device") is not None:
        return stock
    device = strategy.root_device
    before = _overridden(trainer, "on_before_batch_transfer")
    after = _overridden(trainer, "on_after_batch_transfer")
    fx = vars(module)

    def to_device(batch: Any, index: int) -> Any:
        if not _is_on(device, batch):
            batch = move_data_to_device(batch, device)
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


def _overridden(trainer: pl.Trainer, name: str) -> Part | None:
    """Return a hook that the module and the datamodule share, None where neither has its own."""
    selector = trainer._data_connector._datahook_selector
    assert selector is not None
    owner = selector.get_instance(name)
    kind = pl.LightningModule if owner is trainer.lightning_module else pl.LightningDataModule
    if is_stock(owner, kind, name):
        return None

    def hook(*args: Any) -> Any:
        if kind is pl.LightningModule:
            return call._call_lightning_module_hook(trainer, name, *args)
        return getattr(owner, name)(*args)

    return hook


def _is_on(device: torch.device, batch: Any) -> bool:
    """Say whether ``batch`` is made of plain containers whose tensors are all on ``device``."""
    kind = type(batch)
    if kind is Tensor:
        return bool(batch.device == device)
    if kind is tuple or kind is list:
        return all(_is_on(device, item) for item in batch)
    if kind is dict:
        return all(_is_on(device, item) for item in batch.values())
    return kind in PLAIN
