"""A batch that is there goes on as it is; any other is moved as Lightning moves it."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.apply_func import _TransferableDataType
from programs.lean_pairs import HOOKS, Program, loader, pair
from programs.traced import QUIET, Traced
from pytorch_lightning.trainer.connectors.data_connector import _DataHookSelector

from lightning_kit.loops.transfer import transfer_of


def trainer_of(module: pl.LightningModule, datamodule: Any = None) -> pl.Trainer:
    trainer = pl.Trainer(**QUIET)
    trainer.strategy._lightning_module = module
    trainer._data_connector._datahook_selector = _DataHookSelector(module, datamodule)
    return trainer


def test_what_is_on_the_device_is_kept_in_containers_of_its_own() -> None:
    move = transfer_of(trainer_of(Traced()))
    one, two = torch.ones(2), torch.zeros(1)
    for batch in ((one, [two]), {"a": one, "b": 3}, [one, {"two": two}]):
        moved = move(batch, 0)
        assert moved == batch
        assert moved is not batch
    assert move((one, [two]), 0)[1][0] is two
    assert move(one, 0) is one


def test_what_moves_itself_is_moved() -> None:
    class Moves(_TransferableDataType):
        def to(self, device: torch.device, **_: Any) -> str:
            return f"moved to {device}"

    assert transfer_of(trainer_of(Traced()))([Moves()], 0) == ["moved to cpu"]
    meta = torch.ones(2, device="meta")
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        transfer_of(trainer_of(Traced()))((meta,), 0)


class Owns(pl.LightningDataModule):
    """Overrides all three hooks."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Any] = []

    def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        self.said.append(("before", dataloader_idx))
        return batch

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        self.said.append(("after", dataloader_idx))
        return batch[0], batch[1]

    def train_dataloader(self) -> Any:
        return loader()

    def val_dataloader(self) -> Any:
        return [loader(8), loader(4)]


def test_a_datamodules_hooks_are_called_with_the_loaders_index() -> None:
    said: list[list[Any]] = []

    def fit(trainer: pl.Trainer, module: pl.LightningModule) -> None:
        data = Owns()
        trainer.fit(module, datamodule=data)
        said.append(data.said)

    stock, lean = pair(Program, fit=fit, of_callback=HOOKS, max_epochs=1)
    assert stock == lean
    assert said[0] == said[1]
    assert ("after", 1) in said[0]


def test_a_move_of_ones_own_is_called() -> None:
    class Own(Program):
        def transfer_batch_to_device(self, batch: Any, device: Any, dataloader_idx: int) -> Any:
            return super().transfer_batch_to_device([batch[0] * 2, batch[1]], device, 0)

    stock, lean = pair(Own, max_epochs=1)
    assert stock == lean
    assert stock["weights"] != pair(Program, max_epochs=1)[0]["weights"]
