"""Every hook of a fit is at the place that its name says."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.traced import QUIET, Traced, loader

from lightning_kit.compat import EpochLoop

HOOKS = {
    "on_train_start": "outside",
    "on_train_epoch_start": "between",
    "on_train_batch_start": "before",
    "on_before_backward": "inside",
    "on_before_optimizer_step": "inside",
    "on_train_batch_end": "after",
    "on_validation_start": "between",
    "on_train_epoch_end": "over",
    "on_train_end": "outside",
}


def test_where_each_hook_stands() -> None:
    seen: dict[str, set[str]] = {}

    class Looks(pl.Callback):
        """Notes the place in each hook."""

    def note(name: str) -> Any:
        def hook(self: Looks, trainer: pl.Trainer, *args: Any) -> None:
            seen.setdefault(name, set()).add(EpochLoop(trainer).place)

        return hook

    for name in HOOKS:
        setattr(Looks, name, note(name))
    trainer = pl.Trainer(max_epochs=2, callbacks=Looks(), **QUIET)
    trainer.fit(Traced(), loader(), loader())
    assert seen == {name: {place} for name, place in HOOKS.items()}


def test_a_window_is_open_until_its_last_batch() -> None:
    open_at: list[bool] = []

    class Looks(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            open_at.append(EpochLoop(trainer).window_is_open)

    trainer = pl.Trainer(max_epochs=1, accumulate_grad_batches=2, callbacks=Looks(), **QUIET)
    trainer.fit(Traced(), loader(), loader())
    assert open_at == [True, False] * 3


def test_what_this_lightning_lacks_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = pl.Trainer(**QUIET)
    assert EpochLoop(trainer).known
    monkeypatch.setattr(EpochLoop, "NEEDED", ("_gone",))
    assert not EpochLoop(trainer).known
    assert "loop has no _gone" in caplog.text
