"""Only the profiler's entries that it asks for are opened, by Lightning's names."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.traced import QUIET, Traced, loader
from pytorch_lightning.profilers import PassThroughProfiler, Profiler

from lightning_kit.loops import lean


class Opened(Profiler):
    """Notes what is opened and closed."""

    def __init__(self, spans: set[str] | None = None) -> None:
        super().__init__()
        self.names: list[str] = []
        self.open: list[str] = []
        if spans is not None:
            self.spans = spans

    def start(self, action_name: str) -> None:
        self.names.append(action_name)
        self.open.append(action_name)

    def stop(self, action_name: str) -> None:
        self.open.remove(action_name)


class Listens(pl.Callback):
    """Overrides hooks within the batch."""

    def on_train_batch_end(self, *args: Any) -> None:
        """Do nothing."""

    def on_validation_batch_end(self, *args: Any) -> None:
        """Do nothing."""


def names(profiler: Opened, *, is_lean: bool) -> list[str]:
    trainer = pl.Trainer(max_epochs=1, profiler=profiler, callbacks=Listens(), **QUIET)
    if is_lean:
        lean(trainer)
    trainer.fit(Traced(), loader(), loader())
    assert profiler.open == []
    return profiler.names


IN_A_STEP = {
    "run_training_batch",
    "[_TrainingEpochLoop].train_dataloader_next",
    "[_EvaluationLoop].val_next",
    "[Strategy]SingleDeviceStrategy.batch_to_device",
    "[Strategy]SingleDeviceStrategy.training_step",
    "[Strategy]SingleDeviceStrategy.validation_step",
    "[Strategy]SingleDeviceStrategy.backward",
    "[Strategy]SingleDeviceStrategy.on_train_batch_start",
    "[LightningModule]Traced.on_before_batch_transfer",
    "[LightningModule]Traced.transfer_batch_to_device",
    "[LightningModule]Traced.on_after_batch_transfer",
    "[LightningModule]Traced.configure_gradient_clipping",
    "[LightningModule]Traced.optimizer_step",
    "[LightningModule]Traced.optimizer_zero_grad",
    "[LightningModule]Traced.on_train_batch_end",
    "[Callback]Listens.on_train_batch_end",
    "[Callback]Listens.on_validation_batch_end",
}


def test_the_entries_asked_for_are_those_of_lightning_in_its_order() -> None:
    stock = [name for name in names(Opened(), is_lean=False) if name in IN_A_STEP]
    lean_names = names(Opened(IN_A_STEP), is_lean=True)
    assert set(stock) == IN_A_STEP
    assert [name for name in lean_names if name in IN_A_STEP] == stock


@pytest.mark.parametrize("name", sorted(IN_A_STEP))
def test_within_a_batch_no_others_are_opened(name: str) -> None:
    asked = {name}
    found = names(Opened(asked), is_lean=True)
    within = [name for name in found if name in IN_A_STEP]
    assert set(within) == asked


def test_a_profiler_that_asks_for_all_gets_lightnings_loop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("INFO", "lightning_kit.loops"):
        assert names(Opened(), is_lean=True) == names(Opened(), is_lean=False)
    assert "Opened asks for every entry, having no attribute spans" in caplog.text
    assert type(pl.Trainer(**QUIET).profiler) is PassThroughProfiler  # type: ignore[attr-defined]
