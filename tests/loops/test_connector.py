"""Values are gathered when somebody looks, as they were when their batch ended."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.lean_pairs import Program, loader, pair
from programs.traced import QUIET
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint

from lightning_kit.loops import lean


def test_nothing_is_read_off_the_device_at_a_quiet_step(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    item = torch.Tensor.item

    def counted(this: torch.Tensor) -> Any:
        reads.append(1)
        return item(this)

    monkeypatch.setattr(torch.Tensor, "item", counted)
    counts = []
    for num_batches in (4, 12):
        reads.clear()
        trainer = lean(pl.Trainer(max_epochs=1, log_every_n_steps=100, **QUIET))
        trainer.fit(Program(), loader(4 * num_batches), loader(8))
        counts.append(len(reads))
    # `prog_bar=True` costs Lightning one a step; what is left is the epoch's end.
    assert counts[0] == counts[1]


def test_a_look_in_the_next_batch_sees_the_one_that_ended() -> None:
    seen: list[Any] = []

    class Looks(Program):
        def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
            metrics = self.trainer.callback_metrics
            seen.append(metrics["loss_step"].item() if "loss_step" in metrics else None)

    stock, lean_run = pair(Looks)
    assert stock == lean_run
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]
    assert len(set(seen)) == 8


@pytest.mark.parametrize("monitor", ["loss_step", "loss_epoch", "val_loss", "at_end"])
def test_callbacks_monitor_the_same_values(monitor: str, tmp_path: Any) -> None:
    found: list[Any] = []

    def callbacks() -> list[pl.Callback]:
        folder = tmp_path / str(len(found))
        saving = ModelCheckpoint(
            folder, f"{{step}}-{{{monitor}:.6f}}", monitor=monitor, save_top_k=2,
            every_n_train_steps=1 if monitor == "loss_step" else None,
        )  # fmt: skip
        found.append(folder)
        return [saving, EarlyStopping(monitor, patience=1, check_on_train_epoch_end=True)]

    stock, lean_run = pair(Program, callbacks, enable_checkpointing=True, max_epochs=4)
    assert stock == lean_run
    files = [sorted(path.name for path in folder.iterdir()) for folder in found]
    assert files[0] == files[1] != []
